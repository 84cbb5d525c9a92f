"""The view of a room for people inside, and its row in the lobby. Both are ready for the wire."""

from __future__ import annotations

from operator import attrgetter

from game.match.clock import clock_text
from game.rooms.state import Room
from game.rules import SEATS

SHOWN_SPECTATORS = 50
"""The most spectators' names in a view."""
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


def view(room: Room) -> dict[str, object]:
    """Return everything that people in the room may see. It contains nothing secret."""
    return {
        "room": room.id,
        "version": room.version,
        "title": room.title,
        "owner": room.owner,
        "phase": room.phase,
        "game": room.game,
        "options": dict(room.rules.options()),
        "board": room.rules.describe(room.position),
        "best_of": room.best_of,
        "clock": clock_text(room.clock_rule),
        "rated": room.rated,
        "bots": list(room.bots),
        "private": bool(room.access.code),
        "locked": room.access.locked,
        "seats": {seat: _seat(room, room.seats[seat]) for seat in SEATS},
        "turn": room.rules.to_move(room.position) if room.phase == "playing" else None,
        "outcome": _outcome(room),
        "moves": [[seat, move] for seat, move in room.moves],
        "game_number": room.game_number,
        "wins": dict(room.wins),
        "draws": room.draws,
        "rematch": list(room.rematch),
        "series_over": room.series_is_over,
        "due_at": room.due_at,
        "selection": _selection(room),
        "time": _time(room),
        "offers": [[seat, what] for seat, what in room.offers.pending],
        "spectators": list(room.spectators[:SHOWN_SPECTATORS]),
        "spectator_count": len(room.spectators),
    }


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


def _seat(room: Room, name: str | None) -> dict[str, object] | None:
    """Return the owner of a seat. ``away_since``: service time; None while the owner is present."""
    if name is None:
        return None
    return {"name": name, "present": name not in room.away, "away_since": room.away.get(name)}


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


def _time(room: Room) -> dict[str, object] | None:
    """Return the clocks. ``left_ms``: time left of each seat at service time ``since``, when ``running`` started."""
    clock = room.clock
    if clock is None:
        return None
    x, o = clock.left
    return {"left_ms": {"X": x, "O": o}, "running": clock.running, "since": clock.since}


def _outcome(room: Room) -> dict[str, object] | None:
    outcome = room.outcome
    if outcome is None:
        return None
    return {
        "termination": outcome.termination,
        "winner": outcome.winner,
        "winner_name": None if outcome.winner is None else room.seats[outcome.winner],
        "line": list(outcome.line),
    }
