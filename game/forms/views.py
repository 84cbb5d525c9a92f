"""The view of a room for people inside, and its row in the lobby. Both are ready for the wire."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from msgspec.json import decode

from game.forms.room_view import view_of
from game.match.clock import clock_text
from game.plain_values import as_json
from game.rooms.state import Room
from game.rules import SEATS

LATER_IN_ROWS = {
    "owner": "",
    "best_of": 0,
    "clock": "none",
    "rated": False,
    "private": False,
    "match": False,
    "timed": False,
}
"""Fields that rows of older versions lack, with their values at that time. The owner of such a row is unknown."""


def view(room: Room) -> dict[str, Any]:
    """Return the view of a room as plain data. The winner has a name there, and a selection is a dictionary."""
    shown = view_of(room)
    plain: dict[str, Any] = decode(as_json(shown))
    plain["selection"] = _selection(room)
    if plain["outcome"] is not None:
        plain["outcome"]["winner_name"] = shown.winner
    return plain


def talk(room: Room) -> list[dict[str, object]]:
    """Return the last chat lines, oldest first, for people who enter later. The fields are those of the events."""
    return [line._asdict() for line in room.talk]


def summary(room: Room) -> dict[str, object]:
    """Return the room's row in the lobby.

    ``match``: the system made it for matched players, and its series goes on. ``timed``: the room has a timer.
    """
    return {
        "room": room.id,
        "title": room.title,
        "owner": room.owner,
        "phase": room.phase,
        "game": room.game,
        "options": dict(room.rules.options()),
        "players": {seat: room.seats[seat] for seat in SEATS},
        "spectator_count": len(room.spectators),
        "game_number": room.game_number,
        "best_of": room.best_of,
        "clock": clock_text(room.clock_rule),
        "rated": room.rated,
        "private": bool(room.access.code),
        "match": room.is_match and not room.series_is_over,
        "timed": room.due_at is not None,
    }


def with_later_fields(row: Mapping[str, object]) -> Mapping[str, object]:
    """Return a row with all fields of ``LATER_IN_ROWS``."""
    return row if row.keys() >= LATER_IN_ROWS.keys() else {**LATER_IN_ROWS, **row}


def summary_parts(room: Room) -> tuple[object, ...]:
    """Return a value that is the same for two states of a room only if their summaries are the same.

    It costs a tenth of a summary.
    """
    return (
        *_SUMMARY_FIELDS(room),
        len(room.spectators),
        room.is_match and not room.series_is_over,
        room.due_at is None,
    )


_SUMMARY_FIELDS = attrgetter(
    "phase", "seats", "game_number", "title", "owner", "game", "rules", "best_of", "clock_rule", "rated", "access"
)


def _selection(room: Room) -> dict[str, object] | None:
    """Return the choices, their end in service time, and the proposals so far."""
    selection = room.selection
    if selection is None:
        return None
    return {
        **{name: list(some) for name, some in selection.choices._asdict().items()},
        "until": selection.until,
        "proposals": {seat: proposal._asdict() for seat, proposal in selection.proposals.items()},
    }
