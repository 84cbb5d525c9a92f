"""What the servers keep of finished games, as values: results, ratings, and games that can be played through again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from game import records
from game.errors import InvalidArgument
from game.records import GameRecord
from wire.errors import ProtocolMismatch

EXPORT_FORMAT = "tictactoe-game"


@dataclass(frozen=True)
class Standing:
    """A player's rating among people, or among bots, and the results behind it. ``deviation``: how far the true
    strength may be from it, either way, nineteen times of twenty.
    """

    name: str
    rating: int
    deviation: int
    games: int
    wins: int
    draws: int
    losses: int


@dataclass(frozen=True)
class Change:
    """What a game did to somebody's rating."""

    before: int
    after: int


@dataclass(frozen=True)
class Played:
    """A finished game: its number in the book of records, how it was played, and what it did to the ratings, by name
    (empty if it was not rated).
    """

    number: int
    record: GameRecord
    changes: Mapping[str, Change]


@dataclass(frozen=True)
class Games:
    """Some finished games, the latest first. ``earlier``: what to ask for those before them; 0 when there are none."""

    games: tuple[Played, ...]
    earlier: int


@dataclass(frozen=True)
class PlayerPage:
    """All there is to know of a player; a standing is None for who has played no rated game of that kind."""

    name: str
    among_people: Standing | None
    with_bots: Standing | None
    games: Games


def standing_from(plain: Mapping[str, Any] | None) -> Standing | None:
    """The standing that came over the wire. Raises ProtocolMismatch if something is missing."""
    if plain is None:
        return None
    try:
        return Standing(**{name: plain[name] for name in Standing.__dataclass_fields__})
    except KeyError as missing:
        raise ProtocolMismatch(f"what the server says of a player has no {missing}") from None


def played_from(plain: Mapping[str, Any]) -> Played:
    """The game that came over the wire. Raises ProtocolMismatch if it is none."""
    try:
        changes = {name: Change(before, after) for name, (before, after) in plain["changes"].items()}
        return Played(plain["number"], records.game_from_plain(plain["record"]), changes)
    except (KeyError, InvalidArgument) as what:
        raise ProtocolMismatch(f"the server's game cannot be read: {what}") from None


def games_from(plain: Mapping[str, Any]) -> Games:
    """The games that came over the wire. Raises ProtocolMismatch if something is missing."""
    try:
        return Games(tuple(map(played_from, plain["games"])), plain["earlier"])
    except KeyError as missing:
        raise ProtocolMismatch(f"the server's list of games has no {missing}") from None


def as_json(record: GameRecord) -> str:
    """The game as JSON text, which ``from_json`` reads."""
    return json.dumps({"format": EXPORT_FORMAT, **records.to_plain(record)}, ensure_ascii=False, indent=1)


def from_json(text: str) -> GameRecord:
    """The game that was exported as JSON. Raises a Refusal for anything else, also for moves that are not legal."""
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidArgument("the file is no JSON") from None
    if not isinstance(plain, dict) or plain.get("format") != EXPORT_FORMAT:
        raise InvalidArgument("the file is no exported game")
    record = records.game_from_plain(plain)
    records.check_playable(record)
    return record
