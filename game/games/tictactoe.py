"""Tic-tac-toe on a board of width × height cells, with k in a row to win (an m,n,k-game).

Cells are numbered row by row from 0. X begins. Rooms and servers use the board only through ``game.rules.Rules``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from game.errors import CellTaken, InvalidArgument
from game.rules import Outcome, Seat, other

SMALLEST = 3
LARGEST = 10
EMPTY = "."
BOARDS: Mapping[str, Mapping[str, int]] = {
    "3x3": {"width": 3, "height": 3, "in_a_row": 3},
    "5x5": {"width": 5, "height": 5, "in_a_row": 4},
    "7x7": {"width": 7, "height": 7, "in_a_row": 5},
    "10x10": {"width": 10, "height": 10, "in_a_row": 5},
}
"""The boards for matches, by name."""
DEFAULTS = BOARDS["3x3"]
"""The board of a room that was created without a choice of board."""
_DIRECTIONS = ((1, 0), (0, 1), (1, 1), (1, -1))


class Board(NamedTuple):
    """A position.

    ``cells``: text, row by row, of ``X``, ``O`` and ``.``. ``turn``: the seat to move. ``last``: the last move.
    """

    cells: str
    turn: Seat | None
    last: int | None = None
    outcome: Outcome | None = None


class TicTacToe(Struct, frozen=True):
    """The rules for one board size: ``Rules`` with ``Board`` as positions and cell numbers as moves."""

    width: int
    height: int
    in_a_row: int

    def opening(self) -> Board:
        """Return the empty board, with X to move."""
        return Board(EMPTY * (self.width * self.height), "X")

    def play(self, position: Board, seat: Seat, move: object) -> Board:
        """Return the board after a stone on cell ``move``.

        Raises InvalidArgument for a value that is not a cell, CellTaken for a cell that is not empty.
        """
        if not isinstance(move, int) or isinstance(move, bool) or not 0 <= move < len(position.cells):
            raise InvalidArgument(f"a move is a cell number from 0 to {len(position.cells) - 1}")
        if position.cells[move] != EMPTY:
            raise CellTaken(f"cell {move} is taken")
        cells = position.cells[:move] + seat + position.cells[move + 1 :]
        line = self._line_through(cells, move)
        if line:
            return Board(cells, None, move, Outcome("line", seat, line))
        if EMPTY not in cells:
            return Board(cells, None, move, Outcome("full", None))
        return Board(cells, other(seat), move)

    def to_move(self, position: Board) -> Seat | None:
        """Return the seat to move; None when the game is over."""
        return position.turn

    def outcome(self, position: Board) -> Outcome | None:
        """Return a line or a full board; None while the game goes on."""
        return position.outcome

    def describe(self, position: Board) -> dict[str, object]:
        """Return size, cells, last move and winning line."""
        return {
            "width": self.width,
            "height": self.height,
            "in_a_row": self.in_a_row,
            "cells": position.cells,
            "last": position.last,
            "line": list(position.outcome.line) if position.outcome else [],
        }

    def options(self) -> dict[str, object]:
        """Return width, height and k."""
        return {"width": self.width, "height": self.height, "in_a_row": self.in_a_row}

    def lines(self) -> tuple[tuple[int, ...], ...]:
        """Return every row of ``in_a_row`` cells that wins."""
        return _lines(self.width, self.height, self.in_a_row)

    def lines_through(self, cell: int) -> tuple[tuple[int, ...], ...]:
        """Return the winning rows through a cell."""
        return _lines_through(self.width, self.height, self.in_a_row)[cell]

    def _line_through(self, cells: str, cell: int) -> tuple[int, ...]:
        """Return the cells of all lines that the stone on ``cell`` completed, in order.

        Usually that is one line; the result is empty if there is none.
        """
        stone = cells[cell]
        completed: set[int] = set()
        for line in self.lines_through(cell):
            for c in line:
                if cells[c] != stone:
                    break
            else:
                completed.update(line)
        return tuple(sorted(completed))


@functools.cache
def _lines(width: int, height: int, in_a_row: int) -> tuple[tuple[int, ...], ...]:
    found = []
    for y in range(height):
        for x in range(width):
            for dx, dy in _DIRECTIONS:
                end_x, end_y = x + dx * (in_a_row - 1), y + dy * (in_a_row - 1)
                if 0 <= end_x < width and 0 <= end_y < height:
                    found.append(tuple((y + dy * i) * width + x + dx * i for i in range(in_a_row)))
    return tuple(found)


@functools.cache
def _lines_through(width: int, height: int, in_a_row: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    lines = _lines(width, height, in_a_row)
    return tuple(tuple(line for line in lines if cell in line) for cell in range(width * height))


@functools.cache
def _shared(width: int, height: int, in_a_row: int) -> TicTacToe:
    return TicTacToe(width, height, in_a_row)


def rules_with(options: Mapping[str, object]) -> TicTacToe:
    """Return the rules for ``width`` and ``height`` from 3 to 10 and ``in_a_row`` from 3 to the larger of the two.

    A missing option has its value of ``DEFAULTS``. Raises InvalidArgument.
    """
    width = _whole(options, "width", LARGEST)
    height = _whole(options, "height", LARGEST)
    return _shared(width, height, _whole(options, "in_a_row", max(width, height)))


def _whole(options: Mapping[str, object], name: str, most: int) -> int:
    value = options.get(name, DEFAULTS[name])
    if not isinstance(value, int) or isinstance(value, bool) or not SMALLEST <= value <= most:
        raise InvalidArgument(f"{name} must be a whole number from {SMALLEST} to {most}")
    return value
