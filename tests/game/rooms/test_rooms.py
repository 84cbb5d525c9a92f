"""What holds in every room, whatever people and time do in any order: properties over random sequences of commands.

What belongs to clocks, series and offers is in ``test_room_invariants``; how the sequences are made, in ``crowds``.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from game.errors import Refusal
from game.forms.event_codec import from_plain, to_plain
from game.forms.snapshot_codec import decode, encode
from game.forms.views import summary, talk, view
from game.rooms.commands import Command, Match, Move
from game.rooms.events import Agreed, Event, Finished, Moved, Seated, Started
from game.rooms.remembered_requests import REMEMBERED_REQUESTS, CommandAnswer
from game.rooms.state import answer_to, nothing
from game.rules import SEATS, Termination
from tests.examples import examples
from tests.game.playing import MOST_PEOPLE, UNTIMED, decided, evolved
from tests.game.workload import AND_THEN, CODE, NAMES, OPENINGS, STEPS, Play, Step, plays, whole

OPENED = st.sampled_from(OPENINGS)


@UNTIMED
@given(OPENED, STEPS, AND_THEN)
def test_every_event_has_the_next_version_and_names_who_caused_it(
    opening: Command, steps: list[Step], end: list[Step]
) -> None:
    play = Play(opening)
    for number, step in enumerate(steps + end):
        command = play.command(number, step)
        before = play.room.version
        events = play.carry_out(command) or ()
        assert play.room.version == before + len(events)
        assert {(event.by, event.request_id) for event in events} <= {(command.by, command.request_id)}
    assert [room.version for room in play.seen] == list(range(len(play.events) + 1))


@UNTIMED
@given(OPENED, STEPS, AND_THEN)
def test_a_refused_command_and_one_that_changes_nothing_leave_the_room_as_it_was(
    opening: Command, steps: list[Step], end: list[Step]
) -> None:
    play = Play(opening)
    for number, step in enumerate(steps + end):
        before, room = whole(play.room), play.room
        if not play.carry_out(play.command(number, step)):
            assert play.room is room
        assert whole(room) == before


@UNTIMED
@given(OPENED, STEPS)
def test_nobody_is_in_a_room_twice_and_there_are_never_too_many(opening: Command, steps: list[Step]) -> None:
    for room in plays(opening, steps).seen:
        everybody = [*room.players, *room.spectators]
        assert len(room.players) <= 2
        assert len(everybody) <= MOST_PEOPLE
        assert len(everybody) == len(set(everybody))
        assert set(room.away) <= set(room.players)
        assert not set(room.spectators) & set(room.access.removed)


@UNTIMED
@given(OPENED, STEPS)
def test_only_the_owner_of_the_seat_to_move_moves_and_only_while_a_game_is_running(
    opening: Command, steps: list[Step]
) -> None:
    play = plays(opening, steps)
    for room, event in zip(play.seen, play.events, strict=False):
        if isinstance(event, Moved):
            assert room.phase == "playing"
            assert room.rules.to_move(room.position) == event.seat
            assert room.seats[event.seat] == event.by


@UNTIMED
@given(OPENED, STEPS)
def test_a_finished_game_takes_no_move_of_anybody(opening: Command, steps: list[Step]) -> None:
    for room in plays(opening, steps).seen:
        if room.phase == "finished":
            for name in NAMES:
                with pytest.raises(Refusal):
                    decided(room, Move(name, "late", room.version % 9))


@UNTIMED
@given(OPENED, STEPS, AND_THEN)
def test_seats_keep_their_owners_but_for_the_swap_of_the_next_game(
    opening: Command, steps: list[Step], end: list[Step]
) -> None:
    play = plays(opening, steps + end)
    for number, event in enumerate(play.events):
        before, after = play.seen[number].seats, play.seen[number + 1].seats
        if isinstance(event, Seated):
            assert before[event.seat] is None
            assert after == {**before, event.seat: event.by}
        elif isinstance(event, Started) and event.number > 1:
            assert after == {"X": before["O"], "O": before["X"]}
        else:
            assert after == before


@UNTIMED
@given(OPENED, STEPS)
def test_x_begins_every_game_and_moves_alternate(opening: Command, steps: list[Step]) -> None:
    for room in plays(opening, steps).seen:
        assert [seat for seat, _ in room.moves] == [SEATS[number % 2] for number in range(len(room.moves))]


@UNTIMED
@given(OPENED, STEPS, AND_THEN)
def test_a_room_is_its_events(opening: Command, steps: list[Step], end: list[Step]) -> None:
    play = plays(opening, steps + end)
    again = evolved(nothing("abcd"), play.events)
    assert again == play.room
    assert whole(again) == whole(play.room)


@UNTIMED
@given(OPENED, STEPS, AND_THEN)
def test_events_and_the_rooms_they_make_survive_the_disk(opening: Command, steps: list[Step], end: list[Step]) -> None:
    play = plays(opening, steps + end)
    for event in play.events:
        assert from_plain(json.loads(json.dumps(to_plain(event)))) == event
    for room in play.seen:
        back = decode(json.loads(whole(room)))
        assert back == room
        assert whole(back) == whole(room)


@settings(UNTIMED, max_examples=examples(60))
@given(OPENED, STEPS, AND_THEN)
def test_a_room_from_a_snapshot_goes_on_as_the_room_itself(
    opening: Command, steps: list[Step], end: list[Step]
) -> None:
    play = plays(opening, steps + end)
    for at in range(0, len(play.events), 5):
        room = decode(encode(play.seen[at]))
        assert whole(evolved(room, play.events[at:])) == whole(play.room)


@UNTIMED
@given(OPENED, STEPS, AND_THEN)
def test_a_retry_of_every_remembered_command_gets_its_first_answer(
    opening: Command, steps: list[Step], end: list[Step]
) -> None:
    play = plays(opening, steps + end)
    for name, answers in play.answers.items():
        known = answers
        if isinstance(opening, Match) and name in opening.players:
            known = [(opening.request_id, CommandAnswer(0, None)), *answers]  # it seated them, on their behalf
        for request_id, answer in answers[-REMEMBERED_REQUESTS:]:
            assert answer_to(play.room, name, request_id) == answer
        for request_id, _ in known[:-REMEMBERED_REQUESTS]:
            assert answer_to(play.room, name, request_id) is None


@UNTIMED
@given(OPENED, STEPS, AND_THEN)
def test_views_and_rows_are_plain_and_say_nothing_of_requests_and_codes(
    opening: Command, steps: list[Step], end: list[Step]
) -> None:
    for room in plays(opening, steps + end).seen[1::7]:
        for shown in (view(room), summary(room), talk(room)):
            text = json.dumps(shown)
            assert json.loads(text) == shown
            assert "request-" not in text
            assert CODE not in text


def test_such_sequences_reach_all_there_is_to_see() -> None:
    """The properties are worth something only where games end, rooms fill up, flags fall and people come back."""
    seen: Counter[str] = Counter()

    @settings(UNTIMED, max_examples=800, database=None, derandomize=True)
    @given(OPENED, STEPS, AND_THEN)
    def look(opening: Command, steps: list[Step], end: list[Step]) -> None:
        play = plays(opening, steps + end)
        seen.update({event.kind for event in play.events})
        seen.update({f"by {event.termination}" for event in play.events if isinstance(event, Finished)})
        seen["lots"] += any(isinstance(event, Agreed) and event.lot is not None for event in play.events)
        seen["rematch"] += play.room.game_number > 1
        seen["series over"] += any(room.series_is_over and room.game_number > 1 for room in play.seen)
        before = zip(play.seen, play.events, strict=False)
        seen["anew"] += any(isinstance(event, Started) and room.series_is_over for room, event in before)
        seen["draw"] += play.room.draws > 0
        seen["full"] += len(play.room.players) + len(play.room.spectators) == MOST_PEOPLE
        seen["forgotten"] += any(len(answers) > REMEMBERED_REQUESTS for answers in play.answers.values())

    look()
    kinds = {kind.kind for kind in get_args(Event)}
    others = {
        "lots",
        "rematch",
        "series over",
        "anew",
        "draw",
        "full",
        "forgotten",
        *(f"by {how}" for how in get_args(Termination)),
    }
    assert {what for what, times in seen.items() if times} >= kinds | others
