"""What may be seen of a room, ready for the wire: the view of those inside, and the row in the lobby."""

from __future__ import annotations

from game.room import Room
from game.rules import SEATS

SHOWN_SPECTATORS = 50


def view(room: Room) -> dict[str, object]:
    """All that people in the room may see; nothing in it is secret, and nothing secret is in it."""
    return {
        "room": room.id,
        "version": room.version,
        "title": room.title,
        "owner": room.owner,
        "phase": room.phase,
        "game": room.game,
        "options": dict(room.rules.options()),
        "board": room.rules.describe(room.position),
        "seats": {
            seat: None if (name := room.seats[seat]) is None else {"name": name, "present": name not in room.away}
            for seat in SEATS
        },
        "turn": room.rules.to_move(room.position) if room.phase == "playing" else None,
        "outcome": _outcome(room),
        "moves": [[seat, move] for seat, move in room.moves],
        "game_number": room.game_number,
        "wins": dict(room.wins),
        "draws": room.draws,
        "rematch": list(room.rematch),
        "spectators": list(room.spectators[:SHOWN_SPECTATORS]),
        "spectator_count": len(room.spectators),
    }


def summary(room: Room) -> dict[str, object]:
    """The room's row in the lobby."""
    return {
        "room": room.id,
        "title": room.title,
        "phase": room.phase,
        "game": room.game,
        "options": dict(room.rules.options()),
        "players": {seat: room.seats[seat] for seat in SEATS},
        "spectator_count": len(room.spectators),
        "game_number": room.game_number,
    }


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
