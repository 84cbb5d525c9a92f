"""The records of the game archive: every finished game as it was played, and every released username. Pure.

A record is a fact, like an event. Records are numbered from 1, through all segments of the archive. From all records in
order, a reader can compute all results and ratings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from game.errors import InvalidArgument, InvariantBroken
from game.match.clock import written
from game.plain_values import Read, list_of, one_of, options, or_none, simple, text, whole, yes_or_no
from game.rooms.state import Room
from game.rules import SEATS, TERMINATIONS, Seat, Termination

RECORDS_OF_A_VOLUME = 1000
"""The number of records in one archive segment."""


@dataclass(frozen=True)
class GameRecord:
    """A finished game, complete enough for a replay. ``seats``: the player of each seat.

    ``bots``: players that are programs. ``date``: when it began, in seconds since 1970.
    """

    room: str
    number: int
    game: str
    options: Mapping[str, Any]
    seats: Mapping[Seat, str]
    bots: tuple[str, ...]
    moves: tuple[tuple[Seat, Any], ...]
    termination: Termination
    winner: Seat | None
    date: int
    best_of: int
    clock: str
    rated: bool
    private: bool = False


@dataclass(frozen=True)
class NameFreed:
    """A username was released. A later owner of the name is a different user with new results."""

    name: str


Record = GameRecord | NameFreed


def record_of(room: Room) -> GameRecord:
    """Return the record of the finished game in a room. Raises InvariantBroken when no game has finished."""
    outcome, x, o = room.outcome, room.seats["X"], room.seats["O"]
    if outcome is None or x is None or o is None:
        raise InvariantBroken("a game that is recorded is over")
    return GameRecord(
        room.id,
        room.game_number,
        room.game,
        room.rules.options(),
        {"X": x, "O": o},
        room.bots,
        room.moves,
        outcome.termination,
        outcome.winner,
        room.started_on,
        room.best_of,
        written(room.clock_rule),
        room.rated,
        bool(room.entry.code),
    )


def to_plain(record: Record) -> dict[str, object]:
    """Return the record as a new dictionary of values that JSON and msgpack have."""
    if isinstance(record, NameFreed):
        return {"kind": "name_freed", "name": record.name}
    return {
        "kind": "game",
        **{name: getattr(record, name) for name in _SHAPE},
        "options": dict(record.options),
        "seats": dict(record.seats),
        "bots": list(record.bots),
        "moves": [[seat, move] for seat, move in record.moves],
    }


def from_plain(plain: object) -> Record:
    """Return the record that ``to_plain`` wrote. Ignores unknown fields. Raises InvalidArgument for any other value.

    This reads only the shape. ``record_checks`` checks whether a record from outside can be true.
    """
    if isinstance(plain, Mapping) and plain.get("kind") == "name_freed":
        return NameFreed(text(plain.get("name"), "name"))
    return game_from_plain(plain)


def game_from_plain(plain: object) -> GameRecord:
    """Return the game that ``to_plain`` wrote. Raises InvalidArgument for any other value."""
    if not isinstance(plain, Mapping) or plain.get("kind") != "game":
        raise InvalidArgument("a record is a dictionary of a known kind")
    for name in _SHAPE:
        if name not in plain:
            raise InvalidArgument(f"the record has no {name}")
    values: dict[str, Any] = {name: read(plain[name], name) for name, read in _SHAPE.items()}
    return GameRecord(**values)


def _seats(value: object, name: str) -> dict[str, object]:
    if not isinstance(value, Mapping) or set(value) != set(SEATS):
        raise InvalidArgument(f"{name} must be a dictionary of X and O")
    return {seat: text(value[seat], name) for seat in SEATS}


def _move(value: object, name: str) -> tuple[object, object]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:  # noqa: PLR2004  # a pair
        raise InvalidArgument(f"{name} must be pairs of a seat and a move")
    return one_of(*SEATS)(value[0], name), simple(value[1], name)


_SHAPE: Mapping[str, Read] = {
    "room": text,
    "number": whole,
    "game": text,
    "options": options,
    "seats": _seats,
    "bots": list_of(text),
    "moves": list_of(_move),
    "termination": one_of(*TERMINATIONS),
    "winner": or_none(one_of(*SEATS)),
    "date": whole,
    "best_of": whole,
    "clock": text,
    "rated": yes_or_no,
    "private": yes_or_no,
}
