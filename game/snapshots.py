"""A room's state as plain data and back, for snapshots. The position is not written: the moves make it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from game.errors import InvariantBroken, Refusal, check
from game.games import rules_named
from game.room import Answer, Room
from game.rules import Outcome

FORMAT = 1


def encode(room: Room) -> dict[str, object]:
    """The room as a dictionary of what JSON knows."""
    outcome = room.outcome
    return {
        "format": FORMAT,
        "id": room.id,
        "version": room.version,
        "phase": room.phase,
        "title": room.title,
        "owner": room.owner,
        "game": room.game,
        "options": dict(room.rules.options()),
        "seats": dict(room.seats),
        "away": sorted(room.away),
        "spectators": list(room.spectators),
        "moves": [[seat, move] for seat, move in room.moves],
        "outcome": None if outcome is None else [outcome.termination, outcome.winner, list(outcome.line)],
        "game_number": room.game_number,
        "wins": dict(room.wins),
        "draws": room.draws,
        "rematch": list(room.rematch),
        "requests": {
            name: [[request_id, answer.version, answer.seat] for request_id, answer in known]
            for name, known in room.requests.items()
        },
    }


def decode(plain: Mapping[str, Any]) -> Room:
    """The room that ``encode`` wrote.

    Raises InvariantBroken, and never a Refusal, for a format that this code does not know and for moves or options
    that the rules do not know: nobody is there to be refused.
    """
    check(plain.get("format") == FORMAT, "a snapshot is of a format this version does not know")
    try:
        rules = rules_named(plain["game"], plain["options"])
        position = rules.opening()
        for seat, move in plain["moves"]:
            position = rules.play(position, seat, move)
    except Refusal as refusal:
        raise InvariantBroken(f"the snapshot of room {plain['id']} is of no game: {refusal.message}") from refusal
    outcome = plain["outcome"]
    return Room(
        id=plain["id"],
        version=plain["version"],
        phase=plain["phase"],
        title=plain["title"],
        owner=plain["owner"],
        game=plain["game"],
        rules=rules,
        seats=dict(plain["seats"]),
        away=frozenset(plain["away"]),
        spectators=tuple(plain["spectators"]),
        position=position,
        moves=tuple((seat, move) for seat, move in plain["moves"]),
        outcome=None if outcome is None else Outcome(outcome[0], outcome[1], tuple(outcome[2])),
        game_number=plain["game_number"],
        wins=dict(plain["wins"]),
        draws=plain["draws"],
        rematch=tuple(plain["rematch"]),
        requests={
            name: tuple((request_id, Answer(version, seat)) for request_id, version, seat in known)
            for name, known in plain["requests"].items()
        },
    )
