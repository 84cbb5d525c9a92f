"""The port between a room and the game played in it.

A room knows seats, turns and results; what a move is, whether it is legal and who has won it asks the rules. Rules
are immutable and shared by all rooms that play the same; positions are immutable values that only the rules read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

Seat = Literal["X", "O"]
SEATS: tuple[Seat, Seat] = ("X", "O")
Position = Any
Termination = Literal["line", "full", "resigned", "time", "agreed", "left", "aborted"]
"""A line, a full board, giving up, time that ran down, an agreed draw, a player who stayed away, an agreed end without
a result.
"""
TERMINATIONS: tuple[Termination, ...] = get_args(Termination)


def other(seat: Seat) -> Seat:
    """The seat across the table."""
    return "O" if seat == "X" else "X"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a game ended; ``winner`` is None in a draw, and when it was aborted."""

    termination: Termination
    winner: Seat | None
    line: tuple[int, ...] = ()


class Rules(Protocol):
    """A game for two seats who move in turn."""

    def opening(self) -> Position:
        """The position before the first move."""

    def play(self, position: Position, seat: Seat, move: object) -> Position:
        """The position after a move, which comes from outside and may be anything.

        Raises InvalidArgument for what is no move at all, and another Refusal for a move that is not legal here. Whose
        turn it is has been checked.
        """

    def to_move(self, position: Position) -> Seat | None:
        """The seat to move, or None when the game is over."""

    def outcome(self, position: Position) -> Outcome | None:
        """How the game ended, or None while it goes on."""

    def describe(self, position: Position) -> dict[str, object]:
        """What everybody may see of the position, ready for the wire."""

    def options(self) -> Mapping[str, object]:
        """What tells these rules apart from others of the same game, ready for the wire."""
