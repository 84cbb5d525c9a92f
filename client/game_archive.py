"""Finished games as values, decoded from the servers' answers: results, ratings, and games for replay."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from game.errors import InvalidArgument
from game.forms import records
from game.forms.record_checks import check_record
from game.forms.records import GameRecord
from game.plain_values import text, whole
from wire.errors import ProtocolMismatch

EXPORT_FORMAT = "tictactoe-game"
_COUNTS = ("deviation", "games", "wins", "draws", "losses")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RatingEntry:
    """A player's rating among people or among bots, and the results behind it.

    ``deviation``: half the width of the 95 % interval of the true strength.
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
    """A player's rating before a game and after it."""

    before: int
    after: int


@dataclass(frozen=True)
class Played:
    """A finished game: its number in the game archive, its record, and the rating changes by username.

    ``changes`` is empty if the game was not rated.
    """

    number: int
    record: GameRecord
    changes: Mapping[str, Change]


@dataclass(frozen=True)
class Games:
    """Some finished games, the latest first.

    ``earlier``: the ``before`` argument for the games before these; 0 if there are none. ``unreadable``: how many games
    are left out because they cannot have been played.
    """

    games: tuple[Played, ...]
    earlier: int
    unreadable: int = 0


@dataclass(frozen=True)
class PlayerPage:
    """Results, ratings and latest games of a player. A rating is None without a rated game of that kind."""

    name: str
    among_people: RatingEntry | None
    with_bots: RatingEntry | None
    games: Games


def standing_from(plain: Mapping[str, Any] | None) -> RatingEntry | None:
    """Decode a rating entry from the wire. Raises ProtocolMismatch for anything else."""
    if plain is None:
        return None
    try:
        counts = {name: whole(plain[name], name) for name in _COUNTS}
        return RatingEntry(text(plain["name"], "name"), rating=_rating(plain["rating"], "rating"), **counts)
    except KeyError as missing:
        raise ProtocolMismatch(f"what the server says of a player has no {missing}") from None
    except (InvalidArgument, TypeError) as wrong:
        raise ProtocolMismatch(f"what the server says of a player cannot be read: {wrong}") from None


def _rating(value: object, name: str) -> int:
    """Return the value if it is a rating. A rating can be negative."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidArgument(f"{name} must be whole numbers")
    return value


def played_from(plain: Mapping[str, Any]) -> Played:
    """Decode a game from the wire. Raises ProtocolMismatch if it cannot have been played."""
    try:
        record = records.game_from_plain(plain["record"])
        check_record(record)
        changes = {
            text(name, "changes"): Change(_rating(before, "changes"), _rating(after, "changes"))
            for name, (before, after) in plain["changes"].items()
        }
        return Played(whole(plain["number"], "number"), record, changes)
    except KeyError as missing:
        raise ProtocolMismatch(f"the server's game has no {missing}") from None
    except (InvalidArgument, TypeError, ValueError, AttributeError) as wrong:
        raise ProtocolMismatch(f"the server's game cannot be read: {wrong}") from None


def games_from(plain: Mapping[str, Any]) -> Games:
    """Decode a list of games from the wire. Unreadable games are counted and left out, so that the others can be seen.

    Raises ProtocolMismatch if there is no list of games.
    """
    try:
        given, earlier = list(plain["games"]), whole(plain["earlier"], "earlier")
    except KeyError as missing:
        raise ProtocolMismatch(f"the server's list of games has no {missing}") from None
    except (InvalidArgument, TypeError) as wrong:
        raise ProtocolMismatch(f"the server's list of games cannot be read: {wrong}") from None
    games: list[Played] = []
    for one in given:
        try:
            games.append(played_from(one))
        except ProtocolMismatch as wrong:
            logger.warning("a game of the archive is left out: %s", wrong.message)
    return Games(tuple(games), earlier, len(given) - len(games))


def as_json(record: GameRecord) -> str:
    """Return the game as JSON text, which ``from_json`` reads."""
    return json.dumps({"format": EXPORT_FORMAT, **records.to_plain(record)}, ensure_ascii=False, indent=1)


def from_json(written: str) -> GameRecord:
    """Decode a game that was exported as JSON.

    Raises InvalidArgument for other text, and for a game that cannot have been played. The error names the field.
    """
    try:
        plain = json.loads(written)
    except (ValueError, RecursionError):
        raise InvalidArgument("the file is no JSON") from None
    if not isinstance(plain, dict) or plain.get("format") != EXPORT_FORMAT:
        raise InvalidArgument(f"the file is no exported game: its format is not {EXPORT_FORMAT}")
    record = records.game_from_plain(plain)
    check_record(record)
    return record
