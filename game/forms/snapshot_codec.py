"""A room's state as plain data, for snapshots. The position is not written, because a replay of the moves gives it.

Written by hand: ``Room`` has values that are no data (rules, position), so a form for ``msgspec`` would be a second
class with its thirty fields. Most of the time of a read goes to the replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from game.errors import InvariantBroken, Refusal, check
from game.games.registry import rules_named
from game.match.clock import Clock, clock_rule, clock_text
from game.match.offers import Offers
from game.match.selection import Choices, Proposal, Selection
from game.rooms.access import Access
from game.rooms.chat import Line
from game.rooms.remembered_requests import CommandAnswer
from game.rooms.state import Room
from game.rules import Outcome

FORMAT = 2
_READABLE = (1, FORMAT)
"""Format 1 is older than matches. Its missing fields are those of a room without a match."""


def encode(room: Room) -> dict[str, object]:
    """Return the room as a dictionary of JSON values."""
    outcome, clock, selection = room.outcome, room.clock, room.selection
    return {
        "format": FORMAT,
        "id": room.id,
        "version": room.version,
        "at": room.at,
        "phase": room.phase,
        "title": room.title,
        "owner": room.owner,
        "game": room.game,
        "options": dict(room.rules.options()),
        "best_of": room.best_of,
        "clock_rule": clock_text(room.clock_rule),
        "rated": room.rated,
        "bots": list(room.bots),
        "seats": dict(room.seats),
        "away": dict(room.away),
        "spectators": list(room.spectators),
        "moves": [[seat, move] for seat, move in room.moves],
        "outcome": None if outcome is None else [outcome.termination, outcome.winner, list(outcome.line)],
        "game_number": room.game_number,
        "started_on": room.started_on,
        "finished_at": room.finished_at,
        "wins": dict(room.wins),
        "draws": room.draws,
        "rematch": list(room.rematch),
        "selection": None if selection is None else [selection.choices, selection.until, dict(selection.proposals)],
        "clock": None if clock is None else [clock.left, clock.running, clock.since],
        "offers": room.offers,
        "talk": room.talk,
        "entry": room.access,
        "requests": {
            name: [[request_id, answer.version, answer.seat] for request_id, answer in known]
            for name, known in room.requests.items()
        },
    }


def decode(plain: Mapping[str, Any]) -> Room:
    """Return the room that ``encode`` wrote.

    Raises InvariantBroken, and never a Refusal, for an unknown format, and for moves or options that the rules refuse.
    There is no caller to receive a refusal.
    """
    check(plain.get("format") in _READABLE, "the snapshot has a format that this version cannot read")
    try:
        rules = rules_named(plain["game"], plain["options"])
        position = rules.opening()
        for seat, move in plain["moves"]:
            position = rules.play(position, seat, move)
    except Refusal as refusal:
        raise InvariantBroken(
            f"the snapshot of room {plain['id']} has unknown game options: {refusal.message}"
        ) from refusal
    outcome = plain["outcome"]
    later = {"away": dict.fromkeys(plain["away"], 0)} if plain["format"] == 1 else _later(plain)
    return Room(
        id=plain["id"],
        version=plain["version"],
        phase=plain["phase"],
        title=plain["title"],
        owner=plain["owner"],
        game=plain["game"],
        rules=rules,
        seats=dict(plain["seats"]),
        spectators=tuple(plain["spectators"]),
        position=position,
        moves=tuple((seat, move) for seat, move in plain["moves"]),
        outcome=None if outcome is None else Outcome(outcome[0], outcome[1], tuple(outcome[2])),
        game_number=plain["game_number"],
        wins=dict(plain["wins"]),
        draws=plain["draws"],
        rematch=tuple(plain["rematch"]),
        requests={
            name: tuple((request_id, CommandAnswer(version, seat)) for request_id, version, seat in known)
            for name, known in plain["requests"].items()
        },
        **later,
    )


def _later(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that format 1 lacks."""
    clock, rule, entry = plain["clock"], _rule(plain), plain["entry"]
    return {
        "at": plain["at"],
        "away": dict(plain["away"]),
        "best_of": plain["best_of"],
        "clock_rule": rule,
        "rated": plain["rated"],
        "bots": tuple(plain["bots"]),
        "started_on": plain["started_on"],
        "finished_at": plain["finished_at"],
        "selection": None if plain["selection"] is None else _selection(*plain["selection"]),
        "clock": None if clock is None else Clock(rule, (clock[0][0], clock[0][1]), clock[1], clock[2]),
        "offers": Offers(*(tuple((seat, what) for seat, what in some) for some in plain["offers"])),
        "talk": tuple(Line(*line) for line in plain["talk"]),
        "access": Access(entry[0], entry[1], tuple(entry[2])),
    }


def _rule(plain: Mapping[str, Any]) -> Any:
    try:
        return clock_rule(plain["clock_rule"])
    except Refusal as refusal:
        raise InvariantBroken(
            f"the snapshot of room {plain['id']} has an unknown clock: {refusal.message}"
        ) from refusal


def _selection(choices: list[Any], until: int, proposals: Mapping[Any, list[Any]]) -> Selection:
    return Selection(
        Choices(*(tuple(some) for some in choices)),
        until,
        {seat: Proposal(*proposal) for seat, proposal in proposals.items()},
    )
