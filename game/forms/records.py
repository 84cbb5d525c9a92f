"""The records of the game archive: every finished game as it was played, and every released username. Pure.

A record is a fact, like an event. Records are numbered from 1, through all segments of the archive. From all records in
order, a reader can compute all results and ratings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from game.errors import InvariantBroken
from game.match.clock import clock_text
from game.plain_values import Form, Options, Simple, Whole
from game.rooms.state import Room
from game.rules import SEATS, Seat, Termination

RECORDS_OF_A_SEGMENT = 1000
"""The number of records in one archive segment."""


class GameRecord(Struct, frozen=True, tag="game", tag_field="kind"):
    """A finished game, complete enough for a replay. ``seats``: the player of each seat.

    ``bots``: players that are programs. ``date``: when it began, in seconds since 1970.
    """

    room: str
    number: Whole
    game: str
    options: Options
    seats: Annotated[Mapping[Seat, str], Meta(min_length=len(SEATS))]
    bots: tuple[str, ...]
    moves: tuple[tuple[Seat, Simple], ...]
    termination: Termination
    winner: Seat | None
    date: Whole
    best_of: Whole
    clock: str
    rated: bool
    private: bool


class NameFreed(Struct, frozen=True, tag="name_freed", tag_field="kind"):
    """A username was released. A later owner of the name is a different user with new results."""

    name: str


Record = GameRecord | NameFreed


def record_of(room: Room) -> GameRecord:
    """Return the record of the finished game in a room. Raises InvariantBroken when no game has finished."""
    outcome, x, o = room.outcome, room.seats["X"], room.seats["O"]
    if outcome is None or x is None or o is None:
        raise InvariantBroken("a recorded game is over")
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
        clock_text(room.clock_rule),
        room.rated,
        bool(room.access.code),
    )


RECORDS: Form[Record] = Form(GameRecord, NameFreed)
to_plain, from_plain = RECORDS.to_plain, RECORDS.from_plain
game_from_plain = Form(GameRecord).from_plain
"""These read only the shape. ``record_checks`` checks whether a record from outside can be true."""
