"""What is still done while the cluster is being emptied: what runs comes to its end, nothing begins. Pure.

Begun are rooms, matches, games between two who have not played yet, and rematches; the next game of a series that is
not decided belongs to what runs. Everybody may come back to a seat, watch, talk, leave.
"""

from __future__ import annotations

from game.errors import Draining
from game.match.series import ENDLESS
from game.rooms.commands import Command, Create, Join, Match, Rematch
from game.rooms.state import Room


def check_not_draining(draining: bool, what: str) -> None:
    """Raise Draining, while the cluster is being emptied, for who wants something new: "names", "rooms", "games" …"""
    if draining:
        raise Draining(f"the cluster is closing for maintenance: no new {what}")


def check_begins_nothing(room: Room, command: Command) -> None:
    """Raise Draining if that would begin something that has to be waited for."""
    if isinstance(command, (Create, Match)):
        check_not_draining(True, "rooms")
    elif isinstance(command, Join):
        takes_seat = command.role == "player" and room.seat_of(command.by) is None and None in room.seats.values()
        check_not_draining(takes_seat, "games")
    elif isinstance(command, Rematch):
        check_not_draining(room.phase == "finished" and not _series_runs(room), "games")


def is_played(room: Room) -> bool:
    """Whether somebody is there for whom a game, or a series, has to come to its end. What all its people have left is
    kept and not waited for: nobody is thrown out of it.
    """
    runs = room.phase in ("selecting", "playing") or (room.phase == "finished" and _series_runs(room))
    return runs and any(name not in room.away for name in room.players if name not in room.bots)


def _series_runs(room: Room) -> bool:
    return room.best_of != ENDLESS and not room.series_is_over
