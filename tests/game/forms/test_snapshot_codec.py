"""A room's snapshot; that it brings back every room as it was is among the properties in ``test_rooms``."""

from __future__ import annotations

import json

import msgpack
import pytest
from msgspec.structs import replace

from game.context import Context
from game.errors import InvariantBroken
from game.forms.snapshot_codec import decode, encode
from game.match.selection import Choices
from game.rooms.commands import (
    SYSTEM,
    Accept,
    Close,
    Create,
    Decline,
    Join,
    Lock,
    Match,
    Move,
    Offer,
    Propose,
    Rematch,
    Remove,
    Say,
)
from game.rooms.evolve import evolve
from game.rooms.remembered_requests import CommandAnswer
from game.rooms.state import Room, nothing
from game.rules import Outcome
from tests.game.playing import (
    after,
    decided,
    due,
    left,
    matched,
    opened,
    played,
    playing,
    rematched,
    resigned,
    started,
    timed,
    watched,
    won_by_x,
)

ROOMS = {
    "nothing": nothing("abcd"),
    "opened": opened(width=5, height=4, in_a_row=4),
    "playing": left(watched(played(started(), 4, 0), "cleo"), "bob"),
    "won": rematched(won_by_x(), "bob"),
    "resigned": resigned(played(started(), 4), "ann"),
    "second game": played(rematched(won_by_x(), "bob", "ann"), 8),
    "selecting": matched(at=300),
    "proposed": after(matched(), Propose("bob", "p", {"board": "5x5", "best_of": 3, "clock": "3+2"}), at=7),
    "lots drawn": due(matched(), 15_000, chance=(1 << 63) - 1),
    "clock running": after(timed("3+2"), Move("ann", "m", 4), at=2500),
    "flag fallen": due(timed(), 10_000),
    "between games": resigned(playing(best_of=3, clock="10s"), "ann"),
    "series over": resigned(due(resigned(playing(best_of=3), "ann"), 5000), "ann"),
    "second series": rematched(resigned(playing(best_of=1), "ann"), "ann", "bob"),
    "offers": after(
        played(timed(), 4, 0), *(Offer(*offer) for offer in (("ann", "o", "draw"), ("bob", "o", "takeback")))
    ),
    "declined": after(started(), Offer("ann", "o", "abort"), Decline("bob", "d", "abort"), Offer("ann", "o2", "draw")),
    "taken back": after(played(timed(), 4, 0), Offer("ann", "o", "takeback"), Accept("bob", "a", "takeback"), at=900),
    "aborted": after(playing(), Offer("ann", "o", "abort"), Accept("bob", "a", "abort")),
    "rematch declined": after(won_by_x(), Rematch("ann", "r"), Decline("bob", "d", "rematch")),
    "talk": after(
        watched(started(), "cleo"), Say("ann", "s", "häuser"), Say("cleo", "s", "\U0001f469\u200d\U0001f680"), at=9
    ),
    "private": after(
        nothing("abcd"),
        Create("ann", "c", "", "tictactoe", {}, 5, "1+0", "c0ffee"),
        Join("cleo", "j", "spectator", "c0ffee"),
        Lock("ann", "l", True),
        Remove("ann", "x", "cleo"),
    ),
    "closed": after(left(timed(), "bob"), Close(SYSTEM, "c"), at=77),
}


_ONLY = Choices(("7x7",), (3,), ("1+1",))
EVENTS_OF_A_MATCH = decided(
    nothing("abcd"), Match(SYSTEM, "house-m", "tictactoe", ("ann", "bob"), _ONLY, True), Context(500)
)


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_comes_back_from_its_snapshot(name: str) -> None:
    room = ROOMS[name]
    assert decode(encode(room)) == room
    written = json.dumps(encode(room))
    back = decode(json.loads(written))
    assert back == room
    assert json.dumps(encode(back)) == written
    assert decode(msgpack.unpackb(msgpack.packb(encode(room)))) == room


def test_between_the_events_of_one_request_a_room_comes_back_too() -> None:
    room = nothing("abcd")
    for event in EVENTS_OF_A_MATCH:
        room = evolve(room, event)
        assert decode(json.loads(json.dumps(encode(room)))) == room


OF_FORMAT_1 = """
{"format": 1, "id": "abcd", "version": 13, "phase": "finished", "title": "A table", "owner": "ann", "game": "tictactoe",
 "options": {"width": 3, "height": 3, "in_a_row": 3}, "seats": {"X": "ann", "O": "bob"}, "away": ["bob"],
 "spectators": ["cleo"], "moves": [["X", 0], ["O", 3], ["X", 1], ["O", 4], ["X", 2]],
 "outcome": ["line", "X", [0, 1, 2]], "game_number": 1, "wins": {"ann": 1}, "draws": 0, "rematch": ["O"],
 "requests": {"cleo": [["in", 5, null]], "ann": [["first", 1, null], ["last", 11, "X"]], "bob": [["again", 12, "O"]]}}
"""
"""As servers wrote it before there were matches."""


def test_a_snapshot_from_before_there_were_matches_is_a_room_without_them() -> None:
    room = decode(json.loads(OF_FORMAT_1))
    plain = nothing("abcd")
    won = won_by_x()
    assert room == replace(
        plain,
        version=13,
        phase="finished",
        title="A table",
        owner="ann",
        seats={"X": "ann", "O": "bob"},
        away={"bob": 0},
        spectators=("cleo",),
        position=won.position,
        moves=won.moves,
        outcome=Outcome("line", "X", (0, 1, 2)),
        game_number=1,
        wins={"ann": 1},
        rematch=("O",),
        requests={
            "cleo": (("in", CommandAnswer(5, None)),),
            "ann": (("first", CommandAnswer(1, None)), ("last", CommandAnswer(11, "X"))),
            "bob": (("again", CommandAnswer(12, "O")),),
        },
    )
    assert (room.due_at, room.series_is_over, room.best_of) == (None, False, 0)
    assert rematched(room, "ann").phase == "playing"
    assert decode(encode(room)) == room


def test_the_position_is_made_anew_from_the_moves() -> None:
    plain = encode(ROOMS["playing"])
    assert "position" not in plain
    assert plain["moves"] == [["X", 4], ["O", 0]]
    assert decode(plain).position == ROOMS["playing"].position


def test_rooms_from_snapshots_share_their_rules() -> None:
    assert decode(encode(ROOMS["opened"])).rules is ROOMS["opened"].rules


@pytest.mark.parametrize("number", [0, 3, None, "2"])
def test_a_snapshot_of_another_format_is_not_read(number: object) -> None:
    with pytest.raises(InvariantBroken, match="format"):
        decode({**encode(started()), "format": number})


@pytest.mark.parametrize(
    "broken",
    [
        {"moves": [["X", 9]]},
        {"moves": [["X", 4], ["O", 4]]},
        {"options": {"width": 99}},
        {"game": "chess"},
        {"clock_rule": "9"},
    ],
)
def test_a_snapshot_that_cannot_have_been_written_breaks_an_invariant_and_is_no_refusal(
    broken: dict[str, object],
) -> None:
    with pytest.raises(InvariantBroken, match="abcd"):
        decode({**encode(started()), **broken})


def test_a_snapshot_and_the_room_read_from_it_share_nothing_that_can_change() -> None:
    def emptied(plain: dict[str, object]) -> None:
        for value in plain.values():
            if isinstance(value, (dict, list)):
                value.clear()

    room: Room = ROOMS["won"]
    plain = encode(room)
    text = json.dumps(plain)
    back = decode(plain)
    emptied(plain)
    assert back == room
    assert json.dumps(encode(room)) == text
