"""What is due when, and that nothing of it is lost or kept for longer than it matters."""

from __future__ import annotations

from typing import Any

from server.main.timer_commands import due_commands

from game.context import Context, Limits
from game.rooms.commands import SYSTEM, Create, Due, Join, Rematch
from game.rooms.decide import decide
from game.rooms.evolve import evolve
from game.rooms.state import Room, nothing
from server.rooms.ids import system_request
from server.rooms.room_timers import SPARE, RoomTimers


def after(room: Room, *commands: Any, at: int = 0) -> Room:
    for command in commands:
        for event in decide(room, command, Context(at), Limits()):
            room = evolve(room, event)
    return room


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


class Store:
    """A room store with one room, in which something happens at a moment that a test chooses."""

    def __init__(self, room: Room) -> None:
        self.timers = RoomTimers()
        self.service = type("Service", (), {"at": 0})
        self.state = room
        self.meanwhile: list[Room] = []

    def room(self, _room: str) -> Room:
        """The room, just before something happens in it: what the committer does then may come at any time."""
        seen = self.state
        if self.meanwhile:
            self.state = self.meanwhile.pop(0)
            self.timers.put("abcd", self.state.due_at)
        return seen


def test_what_a_room_says_while_it_is_asked_is_not_overruled() -> None:
    """Its flag would never fall, and with the time up nobody can move either."""
    room = after(
        nothing("abcd"),
        Create("ann", "create-it", "", "tictactoe", {}, 0, "10s"),
        Join("ann", "join-1", "player"),
        Join("bob", "join-2", "player"),
    )
    over = after(room, Due(SYSTEM, system_request()), at=10_000)
    again = after(over, Rematch("ann", "again-1"), Rematch("bob", "again-2"), at=11_000)
    assert (over.due_at, again.due_at) == (None, 21_000)
    store = Store(room)
    store.timers.put("abcd", room.due_at)
    for _, command in due_commands(10_000, store, system_request):  # type: ignore[arg-type]
        if isinstance(command, Due):
            store.state, store.meanwhile = over, [again]
    assert store.timers.take_due(21_000) == ["abcd"]
