"""Each timer is due once, at its latest time, and outdated ones are not kept."""

from __future__ import annotations

from server.rooms.room_timers import SPARE, RoomTimers


def test_what_is_due_comes_once_and_at_its_latest_time() -> None:
    due = RoomTimers()
    due.put("a", 10)
    due.put("b", 20)
    due.put("a", 30)
    due.put("c", 5)
    due.put("c", None)
    assert (due.take_due(9), due.take_due(20), due.take_due(29), due.take_due(30), due.take_due(99)) == (
        [],
        ["b"],
        [],
        ["a"],
        [],
    )


def test_g9_moves_of_a_long_game_leave_nothing_behind() -> None:
    due = RoomTimers()
    for at in range(20 * SPARE):
        due.put("a", 10**9 + at)
        due.put("b", 2 * 10**9 - at)
    assert len(due._heap) <= SPARE + 4
    assert due.take_due(2 * 10**9) == ["a", "b"]
