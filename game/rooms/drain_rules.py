"""What a room still allows during a drain: running games and series come to their end, and nothing new begins. Pure.

New are: rooms, matches, the first game of two players, and rematches. The next game of an undecided series is not new.
People can still return to a seat, watch, chat and leave.
"""

from __future__ import annotations

from game.errors import Draining
from game.match.series import ENDLESS
from game.rooms.commands import Command, Create, Join, Match, Rematch
from game.rooms.state import Room


def check_not_draining(draining: bool, what: str) -> None:
    """Raise Draining if ``draining`` is true.

    ``what`` names the new thing for the sentence: "names", "rooms", "games" …
    """
    if draining:
        raise Draining(f"the cluster is closing for maintenance: no new {what}")


def check_begins_nothing(room: Room, command: Command) -> None:
    """Raise Draining if the command would begin a game that the drain must then wait for."""
    if isinstance(command, (Create, Match)):
        check_not_draining(True, "rooms")
    elif isinstance(command, Join):
        takes_seat = command.role == "player" and room.seat_of(command.by) is None and None in room.seats.values()
        check_not_draining(takes_seat, "games")
    elif isinstance(command, Rematch):
        check_not_draining(room.phase == "finished" and not _series_runs(room), "games")


def is_played(room: Room) -> bool:
    """Return whether a drain must wait for the room: a game or series runs, and at least one of its people is there.

    A game that all its people have left is kept, but the drain does not wait for it.
    """
    runs = room.phase in ("selecting", "playing") or (room.phase == "finished" and _series_runs(room))
    return runs and any(name not in room.away for name in room.players if name not in room.bots)


def _series_runs(room: Room) -> bool:
    return room.best_of != ENDLESS and not room.series_is_over
