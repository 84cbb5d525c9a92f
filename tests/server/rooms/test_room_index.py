"""How many open rooms somebody has opened, and in how many they have a seat."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.rooms.lobby import LobbyChange
from server.rooms.room_index import RoomIndex

PEOPLE = ("ada", "bob", "eve")
_nobody_or_somebody = st.sampled_from([None, *PEOPLE])
ROWS = st.none() | st.fixed_dictionaries(
    {
        "owner": st.sampled_from(["", *PEOPLE]),
        "players": st.fixed_dictionaries({"X": _nobody_or_somebody, "O": _nobody_or_somebody}),
        "phase": st.just("waiting"),
        "timed": st.just(False),
        "match": st.just(False),
    }
)


@given(
    before=st.lists(ROWS, max_size=3),
    changes=st.lists(st.tuples(st.sampled_from(["room0", "room1", "room2", "room3"]), ROWS), max_size=20),
    asked_early=st.booleans(),
)
def test_what_is_counted_is_what_a_count_of_all_rows_gives(
    before: list[dict[str, Any] | None], changes: list[tuple[str, dict[str, Any] | None]], asked_early: bool
) -> None:
    rooms, rows = RoomIndex(), dict[str, dict[str, Any] | None]()
    rows.update({f"room{number}": row for number, row in enumerate(before)})
    rooms.fill([LobbyChange(number + 1, room, row) for number, (room, row) in enumerate(rows.items())])
    if asked_early:
        assert rooms.opened_by(["nobody"]) == 0
    for number, (room, row) in enumerate(changes):
        rows[room] = row
        rooms.put(LobbyChange(100 + number, room, row))
    opened = Counter(row["owner"] for row in rows.values() if row is not None)
    seats = Counter(name for row in rows.values() if row is not None for name in {*row["players"].values()})
    assert [(rooms.opened_by([name]), rooms.seats_of(name)) for name in PEOPLE] == [
        (opened[name], seats[name]) for name in PEOPLE
    ]


def test_people_who_have_nothing_are_not_remembered() -> None:
    rooms = RoomIndex()
    assert rooms.opened_by(["ada"]) == 0
    row = {"owner": "ada", "players": {"X": "ada", "O": None}, "phase": "waiting", "timed": False, "match": False}
    rooms.put(LobbyChange(1, "room", row))
    assert (rooms.opened_by(["ada"]), rooms.seats_of("ada"), rooms.seated()) == (1, 1, {"ada"})
    rooms.put(LobbyChange(2, "room", None))
    assert (rooms.opened_by(["ada", "eve"]), rooms.seats_of("ada"), rooms.seated()) == (0, 0, set())
    assert (rooms.take_released(), rooms.take_released()) == ({"ada"}, set())
