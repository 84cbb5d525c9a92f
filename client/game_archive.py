"""Finished games as values, decoded from the servers' answers: results, ratings, and games for replay."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from msgspec import Struct

from client.views import decoding
from game.errors import InvalidArgument
from game.forms import records
from game.forms.record_checks import check_record
from game.forms.records import GameRecord
from game.plain_values import Whole, read
from wire.errors import ProtocolMismatch

EXPORT_FORMAT = "tictactoe-game"

logger = logging.getLogger(__name__)


class RatingEntry(Struct, frozen=True):
    """A player's rating among people or among bots, and the results behind it.

    ``deviation``: half the width of the 95 % interval of the true strength.
    """

    name: str
    rating: int
    deviation: Whole
    games: Whole
    wins: Whole
    draws: Whole
    losses: Whole


class Change(NamedTuple):
    """A player's rating before a game and after it."""

    before: int
    after: int


class Played(Struct, frozen=True):
    """A finished game: its number in the game archive, its record, and the rating changes by username.

    ``changes`` is empty if the game was not rated.
    """

    number: Whole
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


class _Page(Struct):
    games: list[Any]
    earlier: Whole


@decoding("rating")
def rating_entry_from(plain: Mapping[str, Any] | None) -> RatingEntry | None:
    """Decode a rating entry from the wire. Raises ProtocolMismatch for anything else."""
    return None if plain is None else read(plain, RatingEntry)


@decoding("game")
def played_from(plain: Mapping[str, Any]) -> Played:
    """Decode a game from the wire. Raises ProtocolMismatch if it cannot have been played."""
    played = read(plain, Played)
    check_record(played.record)
    return played


@decoding("list of games")
def _page_from(plain: Mapping[str, Any]) -> _Page:
    return read(plain, _Page)


def games_from(plain: Mapping[str, Any]) -> Games:
    """Decode a list of games from the wire. Unreadable games are counted and left out, so that the others can be seen.

    Raises ProtocolMismatch if there is no list of games.
    """
    page = _page_from(plain)
    games: list[Played] = []
    for one in page.games:
        try:
            games.append(played_from(one))
        except ProtocolMismatch as wrong:
            logger.warning("a game of the archive is left out: %s", wrong.message)
    return Games(tuple(games), page.earlier, len(page.games) - len(games))


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
