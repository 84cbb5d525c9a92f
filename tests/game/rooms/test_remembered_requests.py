"""The answers that a room remembers, so that a retry is told what the first was told; and what ``evolve`` checks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.errors import InvariantBroken
from game.forms.snapshot_codec import encode
from game.rooms.commands import Close, Create, Join, Leave, Move, Rematch
from game.rooms.events import (
    Closed,
    Created,
    Event,
    Finished,
    Left,
    Moved,
    Returned,
    Seated,
    Started,
    Watched,
)
from game.rooms.evolve import evolve
from game.rooms.remembered_requests import (
    REMEMBERED_ABSENT,
    REMEMBERED_REQUESTS,
    CommandAnswer,
    Requests,
    drop_absent,
    forgotten,
    remembered,
)
from game.rooms.state import Room, answer_now, answer_to, nothing
from tests.game.playing import (
    after,
    decided,
    evolved,
    joined,
    left,
    opened,
    played,
    rematched,
    request,
    started,
    watched,
    won_by_x,
)


def test_a_retry_gets_the_first_answer_whatever_happened_since() -> None:
    room = after(started(), Move("ann", "first", 4))
    first = answer_now(room, "ann")
    assert first == CommandAnswer(room.version, "X")
    assert answer_to(played(room, 0, 1), "ann", "first") == first


def test_the_answer_names_the_version_after_the_last_event_of_the_request() -> None:
    room = after(played(started(), 0, 3, 1, 4), Move("ann", "last", 2))
    assert room.phase == "finished"
    assert answer_to(room, "ann", "last") == CommandAnswer(room.version, "X")


def test_the_answer_names_the_seat_as_it_was_then() -> None:
    room = after(rematched(won_by_x(), "ann"), Rematch("bob", "again"))
    assert answer_to(room, "bob", "again") == CommandAnswer(room.version, "X")
    assert answer_to(started(), "cleo", "again") is None
    room = after(opened(), Join("ann", "in", "player"))
    seated = answer_to(room, "ann", "in")
    room = rematched(played(joined(room, "bob"), 0, 3, 1, 4, 2), "ann", "bob")
    assert room.seat_of("ann") == "O"
    assert answer_to(room, "ann", "in") == seated == CommandAnswer(2, "X")


def test_the_answer_to_watching_has_no_seat() -> None:
    room = after(started(), Join("cleo", "in", "player"))
    assert answer_to(room, "cleo", "in") == CommandAnswer(room.version, None)


def test_a_request_is_known_by_name_and_id() -> None:
    room = after(started(), Move("ann", "same", 4), Move("bob", "same", 0))
    assert answer_to(room, "ann", "same") == CommandAnswer(room.version - 1, "X")
    assert answer_to(room, "bob", "same") == CommandAnswer(room.version, "O")
    assert answer_to(room, "ann", "other") is None


def test_a_request_that_changed_nothing_is_not_remembered() -> None:
    room = started()
    assert after(room, Join("ann", "again", "player")) == room
    assert answer_to(room, "ann", "again") is None


def test_retried_create_leave_and_close_are_known_also_in_a_closed_room() -> None:
    room = after(nothing("abcd"), Create("ann", "create", "", "tictactoe", {}))
    room = after(watched(room, "cleo"), Leave("cleo", "leave"), Close("ann", "close"))
    assert room.phase == "closed"
    assert answer_to(room, "ann", "create") == CommandAnswer(1, None)
    assert answer_to(room, "cleo", "leave") == CommandAnswer(3, None)
    assert answer_to(room, "ann", "close") == CommandAnswer(4, None)


def test_the_last_eight_requests_of_a_name_are_remembered() -> None:
    assert REMEMBERED_REQUESTS == 8
    room = opened()
    ids = [f"r{number}" for number in range(REMEMBERED_REQUESTS + 2)]
    for number, request_id in enumerate(ids):
        room = after(room, Leave("cleo", request_id) if number % 2 else Join("cleo", request_id, "spectator"))
    known = [request_id for request_id in ids if answer_to(room, "cleo", request_id)]
    assert known == ids[-REMEMBERED_REQUESTS:]


def test_a_request_of_several_events_takes_one_of_the_eight_places() -> None:
    room = after(played(started(), 0, 3, 1, 4), Move("ann", "last", 2))
    assert len([known for known, _ in room.requests["ann"] if known == "last"]) == 1


def a_crowd_that_came_and_went(room: Room, size: int) -> Room:
    for number in range(size):
        name = f"guest{number}"
        room = after(room, Join(name, "in", "spectator"), Leave(name, "out"))
    return room


def test_of_those_who_are_gone_the_64_latest_are_remembered() -> None:
    assert REMEMBERED_ABSENT == 64
    room = a_crowd_that_came_and_went(started(), REMEMBERED_ABSENT + 10)
    known = [number for number in range(REMEMBERED_ABSENT + 10) if answer_to(room, f"guest{number}", "out")]
    assert known == list(range(10, REMEMBERED_ABSENT + 10))
    assert len(room.requests) == REMEMBERED_ABSENT + 2


def test_those_who_are_here_and_the_owners_of_seats_are_always_remembered() -> None:
    room = after(started(), Join("cleo", "in", "spectator"), Move("ann", "move", 4), Leave("ann", "out"))
    room = a_crowd_that_came_and_went(room, REMEMBERED_ABSENT + 10)
    assert answer_to(room, "cleo", "in") is not None
    assert answer_to(room, "ann", "move") is not None


def test_when_a_room_closes_the_latest_of_its_crowd_are_remembered() -> None:
    room = opened()
    for number in range(100):
        room = evolved(room, [Watched(f"guest{number}", "in")])
    room = after(room, Close("ann", "close"))
    assert answer_to(room, "ann", "close") is not None
    assert answer_to(room, "guest99", "in") is not None
    assert answer_to(room, "guest0", "in") is None
    assert len(room.requests) == REMEMBERED_ABSENT


def test_who_comes_back_counts_as_late_again() -> None:
    room = after(opened(), Join("cleo", "in", "spectator"), Leave("cleo", "out"))
    room = a_crowd_that_came_and_went(room, REMEMBERED_ABSENT - 1)
    room = after(room, Join("cleo", "in2", "spectator"), Leave("cleo", "out2"))
    room = a_crowd_that_came_and_went(room, REMEMBERED_ABSENT - 1)
    assert answer_to(room, "cleo", "out") is not None


def impossible() -> list[tuple[Room, Event]]:
    """Rooms and events that cannot have happened there."""
    r = request()
    closed = after(opened(), Close("ann", r))
    return [
        (nothing("abcd"), Watched("cleo", r)),
        (opened(), Created("ann", r, "abcd", "", "tictactoe", {})),
        (nothing("abcd"), Created("ann", r, "abcd", "", "chess", {})),
        (nothing("abcd"), Created("ann", r, "abcd", "", "tictactoe", {"width": 99})),
        (closed, Watched("cleo", r)),
        (closed, Closed("ann", r)),
        (started(), Seated("cleo", r, "X")),
        (joined(opened(), "ann"), Seated("ann", r, "O")),
        (started(), Watched("ann", r)),
        (watched(opened(), "cleo"), Watched("cleo", r)),
        (started(), Returned("ann", r)),
        (started(), Left("cleo", r)),
        (left(started(), "ann"), Left("ann", r)),
        (opened(), Started("ann", r, "ann", "bob", 1)),
        (won_by_x(), Started("ann", r, "ann", "cleo", 2)),
        (won_by_x(), Started("ann", r, "bob", "ann", 1)),
        (started(), Moved("bob", r, "O", 4)),
        (started(), Moved("ann", r, "X", 9)),
        (played(started(), 4), Moved("bob", r, "O", 4)),
        (won_by_x(), Moved("bob", r, "O", 8)),
        (won_by_x(), Finished("ann", r, "resigned", "X", ())),
        (opened(), Finished("ann", r, "resigned", "X", ())),
    ]


@pytest.mark.parametrize(("room", "event"), impossible())
def test_an_event_that_cannot_have_happened_breaks_an_invariant_and_is_no_refusal(room: Room, event: Event) -> None:
    with pytest.raises(InvariantBroken):
        evolve(room, event)


def test_evolving_leaves_the_room_before_as_it_was() -> None:
    room = left(watched(played(started(), 4), "cleo"), "bob")
    before = encode(room)
    for command in (Move("bob", request(), 0), Leave("cleo", request()), Join("dan", request(), "player")):
        assert evolved(room, decided(room, command)) != room
    assert encode(room) == before


@given(
    st.lists(
        st.tuples(st.sampled_from(["ann", "bob", *(f"guest {n}" for n in range(70))]), st.booleans()), max_size=150
    )
)
def test_what_is_forgotten_is_what_was_remembered_before_and_is_not_after(steps: list[tuple[str, bool]]) -> None:
    requests: Requests = {}
    for number, (name, leaves) in enumerate(steps):
        after = remembered(requests, name, f"request {number}", CommandAnswer(number, None))
        if leaves:
            drop_absent(after, ["ann"] if "ann" in after else [])
        known = [{(by, request): it for by, row in state.items() for request, it in row} for state in (requests, after)]
        lost = {request: answer for request, answer in known[0].items() if request not in known[1]}
        assert forgotten(requests, after, [name]) == lost
        requests = after
