"""A client that evolves the public part of a room sees what the servers see, and gets nothing secret."""

from __future__ import annotations

import json

import msgpack
import pytest
import serpent
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from game.errors import InvariantBroken
from game.forms import public_state, snapshot_codec
from game.forms.event_codec import from_plain, to_plain
from game.forms.views import talk, view
from game.match.clock import clock_rule, start
from game.match.offers import Offers
from game.match.selection import Selection
from game.rooms.commands import Command, Create, Join, Remove, Say
from game.rooms.events import Moved
from game.rooms.state import Room, nothing
from game.rules import Outcome
from tests.game.forms.test_snapshot_codec import ROOMS
from tests.game.playing import SHORT_LIST, UNTIMED, after, played, started, watched
from tests.game.workload import AND_THEN, CODE, OPENINGS, STEPS, Step, plays

OPENED = st.sampled_from(OPENINGS)


def sent(room: Room) -> Room:
    """The public part of a room after its way over the wire."""
    return public_state.decode(msgpack.unpackb(msgpack.packb(public_state.encode(room))))


def shown(room: Room) -> tuple[object, ...]:
    return view(room), talk(room), room.due_at, public_state.checksum(room)


@UNTIMED
@given(OPENED, STEPS, AND_THEN, st.data())
def test_from_any_version_on_a_follower_sees_what_the_servers_see(
    opening: Command, steps: list[Step], end: list[Step], data: st.DataObject
) -> None:
    play = plays(opening, steps + end)
    begin = data.draw(st.integers(0, len(play.events)))
    again = data.draw(st.integers(begin, len(play.events)))  # events are missing, and the state is requested again
    for first, last in ((begin, again), (again, len(play.events))):
        room = sent(play.seen[first])
        assert shown(room) == shown(play.seen[first])
        for number in range(first, last):
            room = public_state.follow(room, from_plain(to_plain(play.events[number])))
            assert shown(room) == shown(play.seen[number + 1])


@UNTIMED
@given(OPENED, STEPS)
def test_what_is_followed_is_the_public_part_of_the_room(opening: Command, steps: list[Step]) -> None:
    play = plays(opening, steps)
    room = sent(play.seen[1])
    for number, event in enumerate(play.events[1:], 1):
        room = public_state.follow(room, event)
        theirs = public_state.public(play.seen[number + 1])
        secret = {"access": theirs.access, "requests": {}}  # of events the follower knows who was removed
        assert replace(room, **secret) == theirs


@UNTIMED
@given(OPENED, STEPS)
def test_a_server_that_read_the_room_from_its_journal_has_the_same_checksum(
    opening: Command, steps: list[Step]
) -> None:
    for room in plays(opening, steps).seen:
        read = snapshot_codec.decode(json.loads(json.dumps(snapshot_codec.encode(room))))
        assert public_state.checksum(read) == public_state.checksum(room)


@UNTIMED
@given(OPENED, STEPS, AND_THEN)
def test_rooms_that_look_different_have_different_checksums(
    opening: Command, steps: list[Step], end: list[Step]
) -> None:
    rooms = [replace(room, version=0) for room in plays(opening, steps + end).seen]
    looks = {public_state.checksum(room): view(room) for room in rooms}
    assert all(looks[public_state.checksum(room)] == view(room) for room in rooms)


@pytest.mark.parametrize("name", ROOMS)
def test_the_public_part_is_the_same_after_either_serializer(name: str) -> None:
    plain = public_state.encode(ROOMS[name])
    for read in (msgpack.unpackb(msgpack.packb(plain)), serpent.loads(serpent.dumps(plain))):
        assert public_state.decode(read) == public_state.public(ROOMS[name])


def test_nothing_secret_is_in_it() -> None:
    room = after(
        nothing("abcd"),
        Create("ann", "request-of-ann", "", "tictactoe", {}, 5, "1+0", CODE),
        Join("mallory", "request-of-mallory", "spectator", CODE),
        Remove("ann", "request-of-removal", "mallory"),
    )
    assert room.access == (CODE, False, ("mallory",))
    written = json.dumps(public_state.encode(room))
    assert CODE not in written
    assert "mallory" not in written
    assert "request-of" not in written
    assert view(sent(room))["private"]


@pytest.mark.parametrize(
    "changed",
    [
        {"phase": "finished"},
        {"seats": {"X": "ann", "O": "eve"}},
        {"away": {"bob": 7}},
        {"spectators": ("cleo",)},
        {"spectators": ("cleo", "dan", "eve")},
        {"moves": (("X", 4), ("O", 1))},
        {"wins": {"ann": 1}},
        {"draws": 1},
        {"title": "Another table"},
        {"owner": "bob"},
        {"best_of": 3},
        {"clock_rule": clock_rule("10s")},
        {"rated": True},
        {"bots": ("bob",)},
        {"outcome": Outcome("resigned", "X")},
        {"game_number": 2},
        {"finished_at": 7},
        {"rematch": ("X",)},
        {"selection": Selection(SHORT_LIST, 7)},
        {"clock": start(clock_rule("10s"), "X", 7)},
        {"offers": Offers((("X", "draw"),))},
        {"locked": True},
        {"talk": ()},
        {"version": 99},
    ],
)
def test_a_checksum_shows_a_difference(changed: dict[str, object]) -> None:
    room = after(watched(played(started(), 4, 0), "cleo", "dan"), Say("ann", "say", "hello"))
    other = replace(room, access=room.access._replace(locked=True)) if "locked" in changed else replace(room, **changed)  # type: ignore[arg-type]
    assert public_state.checksum(other) != public_state.checksum(room)


def test_an_event_that_does_not_fit_is_found() -> None:
    with pytest.raises(InvariantBroken):
        public_state.follow(sent(played(started(), 4)), Moved("bob", "r", "O", 4))
