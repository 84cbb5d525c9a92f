"""Views of rooms, as they come over the wire, for tests of what the windows make of them. No test lives here."""

from __future__ import annotations

from collections.abc import Mapping

from client.views import Row, row_from, view_from
from game.forms.room_view import View
from game.forms.views import summary, view
from game.rooms.state import Room
from tests.game.playing import opened, played, started


def seen(room: Room) -> View:
    """The room as its people see it."""
    return view_from(view(room))


def view_after(*cells: int, **options: int) -> View:
    """The view of a game of ann (X) and bob (O) in which these cells were played in turn."""
    return seen(played(started(**options), *cells))


def row_like(
    room: str,
    phase: str = "waiting",
    *,
    title: str = "",
    options: Mapping[str, object] | None = None,
    players: Mapping[str, str | None] | None = None,
) -> Row:
    """A row of the lobby."""
    plain = summary(opened())
    plain |= {"room": room, "phase": phase, "title": title, "game_number": 1}
    return row_from(plain | {"options": options or plain["options"], "players": players or plain["players"]})
