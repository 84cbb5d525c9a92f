"""Views of rooms, as they come over the wire, for tests of what the windows make of them. No test lives here."""

from __future__ import annotations

from client.views import View, view_from
from game import rooms
from game.rooms import Room
from tests.game.playing import played, started


def seen(room: Room) -> View:
    """The room as its people see it."""
    return view_from(rooms.view(room))


def view_after(*cells: int, **options: int) -> View:
    """The view of a game of ann (X) and bob (O) in which these cells were played in turn."""
    return seen(played(started(**options), *cells))
