"""A room's snapshot; that it brings back every room as it was is among the properties in ``test_rooms``."""

from __future__ import annotations

import json

import pytest
from playing import left, opened, played, rematched, resigned, started, watched, won_by_x

from game import rooms
from game.errors import InvariantBroken
from game.rooms import Room

ROOMS = {
    "nothing": rooms.nothing("abcd"),
    "opened": opened(width=5, height=4, in_a_row=4),
    "playing": left(watched(played(started(), 4, 0), "cleo"), "bob"),
    "won": rematched(won_by_x(), "bob"),
    "resigned": resigned(played(started(), 4), "ann"),
    "second game": played(rematched(won_by_x(), "bob", "ann"), 8),
}


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_comes_back_from_its_snapshot(name: str) -> None:
    room = ROOMS[name]
    assert rooms.decode(rooms.encode(room)) == room
    assert rooms.decode(json.loads(json.dumps(rooms.encode(room)))) == room


def test_the_position_is_made_anew_from_the_moves() -> None:
    plain = rooms.encode(ROOMS["playing"])
    assert "position" not in plain
    assert plain["moves"] == [["X", 4], ["O", 0]]
    assert rooms.decode(plain).position == ROOMS["playing"].position


def test_rooms_from_snapshots_share_their_rules() -> None:
    assert rooms.decode(rooms.encode(ROOMS["opened"])).rules is ROOMS["opened"].rules


@pytest.mark.parametrize("number", [0, 3, None, "2"])
def test_a_snapshot_of_another_format_is_not_read(number: object) -> None:
    with pytest.raises(InvariantBroken, match="format"):
        rooms.decode({**rooms.encode(started()), "format": number})


@pytest.mark.parametrize(
    "broken", [{"moves": [["X", 9]]}, {"moves": [["X", 4], ["O", 4]]}, {"options": {"width": 99}}, {"game": "chess"}]
)
def test_a_snapshot_that_cannot_have_been_written_breaks_an_invariant_and_is_no_refusal(
    broken: dict[str, object],
) -> None:
    with pytest.raises(InvariantBroken, match="abcd"):
        rooms.decode({**rooms.encode(started()), **broken})


def test_a_snapshot_and_the_room_read_from_it_share_nothing_that_can_change() -> None:
    def emptied(plain: dict[str, object]) -> None:
        for value in plain.values():
            if isinstance(value, (dict, list)):
                value.clear()

    room: Room = ROOMS["won"]
    plain = rooms.encode(room)
    text = json.dumps(plain)
    back = rooms.decode(plain)
    emptied(plain)
    assert back == room
    assert json.dumps(rooms.encode(room)) == text
