"""The interface between a room and its game.

A room has seats, turns and results. The rules decide what a move is, whether it is legal, and which seat won. Rules are
immutable, and all rooms of the same game and options share them. Positions are immutable values that only the rules
read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from msgspec import Struct

Seat = Literal["X", "O"]
SEATS: tuple[Seat, Seat] = ("X", "O")
Position = Any
Termination = Literal["line", "full", "resigned", "time", "agreed", "left", "aborted"]
"""How a game can end: a line, a full board, a resignation, a flag that fell, an agreed draw, a claim against a player
who stayed away, an agreed abort."""


def other(seat: Seat) -> Seat:
    """Return the opponent's seat."""
    return "O" if seat == "X" else "X"


class Outcome(Struct, frozen=True, gc=False):
    """The end of a game. ``winner`` is None after a draw or an abort."""

    termination: Termination
    winner: Seat | None
    line: tuple[int, ...] = ()


class Rules(Protocol):
    """A game for two seats that move in turn."""

    def opening(self) -> Position:
        """Return the position before the first move."""

    def play(self, position: Position, seat: Seat, move: object) -> Position:
        """Return the position after a move. The move comes from outside and can be any value.

        Raises InvalidArgument for a value that is not a move, and another Refusal for an illegal move. The caller has
        checked that it is this seat's turn.
        """

    def to_move(self, position: Position) -> Seat | None:
        """Return the seat to move; None when the game is over."""

    def outcome(self, position: Position) -> Outcome | None:
        """Return how the game ended; None while it goes on."""

    def describe(self, position: Position) -> dict[str, object]:
        """Return what every caller may see of the position, ready for the wire."""

    def options(self) -> Mapping[str, object]:
        """Return the options that distinguish these rules from others of the same game, ready for the wire."""
