"""Values of a board's lines, updated move by move: winning cells, promising cells, the balance between the sides.

Only computer players use these values, through ``strategy`` and ``search``; the rules do not. A line is *open* to a
side while the other side has no stone on it. A side is the index of its seat in ``SEATS``: 0 is X, 1 is O.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import NamedTuple

from game.games.tictactoe import TicTacToe
from game.rules import SEATS

Side = int

DIGIT = 5
"""Bits of one digit of ``Stones.promise``. No board has more than 20 lines through a cell, so no digit overflows."""
_CLOSED = 64
"""Replaces a line's count when both sides have stones on it."""
_GROWTH = 4
"""The factor by which each further stone raises the value of a line."""


@dataclass(frozen=True)
class Grid:
    """A board size: the number of lines, and for each cell its lines as (number, cells, cells as bits)."""

    in_a_row: int
    lines: int
    through: tuple[tuple[tuple[int, tuple[int, ...], int], ...], ...]


class Stones(NamedTuple):
    """The stones on a board and the values derived from them. Immutable; sets of cells are bits of a number."""

    grid: Grid
    free: int
    """The empty cells."""
    xs: int
    """The cells with an X."""
    wins: tuple[int, int]
    """For each side the empty cells that complete one of its lines."""
    promise: tuple[list[int], list[int]]
    """For each side and cell: digit n is the number of open lines through it with n stones of that side."""
    counts: list[int]
    """For each line its stones: positive for X, negative for O, ``_CLOSED`` when it has both."""
    open_lines: int
    """The number of lines that are not closed."""
    balance: int
    """The value of the lines open to X minus that of the lines open to O."""
    won: bool
    """Whether the last stone completed a line."""

    def play(self, cell: int, side: Side) -> Stones:
        """Return the stones after one more, on an empty cell."""
        grid, free = self.grid, self.free & ~(1 << cell)
        counts, in_a_row = self.counts.copy(), grid.in_a_row
        own, others = self.promise[side].copy(), self.promise[1 - side].copy()
        wins, open_lines, gain, won = self.wins[side], self.open_lines, 0, False
        sign = -1 if side else 1
        for line, cells, bits in grid.through[cell]:
            count = counts[line]
            if count == _CLOSED:
                continue
            stones = count * sign
            if stones < 0:
                counts[line] = _CLOSED
                open_lines -= 1
                gain += _line_value(-stones)
                lost = 1 << DIGIT * -stones
                for c in cells:
                    others[c] -= lost
                continue
            stones += 1
            counts[line] = stones * sign
            gain += _line_value(stones) - _line_value(stones - 1)
            more = (1 << DIGIT * stones) - (1 << DIGIT * (stones - 1))
            for c in cells:
                own[c] += more
            if stones == 1:
                for c in cells:
                    others[c] -= 1
            if stones >= in_a_row - 1:
                wins |= bits & free
                won = won or stones == in_a_row
        both = (wins & free, self.wins[1] & free) if side == 0 else (self.wins[0] & free, wins & free)
        promise = (own, others) if side == 0 else (others, own)
        xs = self.xs if side else self.xs | 1 << cell
        return Stones(grid, free, xs, both, promise, counts, open_lines, self.balance + gain * sign, won)

    def prospects(self, side: Side) -> list[int]:
        """Return for each cell how promising it is for the side.

        Fuller lines count more, and own lines more than the opponent's.
        """
        return [2 * own + others for own, others in zip(self.promise[side], self.promise[1 - side], strict=True)]


_LINE_VALUES = tuple(0 if stones == 0 else _GROWTH ** (stones - 1) for stones in range(12))
_line_value = _LINE_VALUES.__getitem__


def stones_on(rules: TicTacToe, cells: str) -> Stones:
    """Return the stones of a view's cells. ``won`` is true if either side has a line."""
    stones, won = _empty(rules), False
    for cell, stone in enumerate(cells):
        if stone in SEATS:
            stones = stones.play(cell, SEATS.index(stone))
            won = won or stones.won
    return stones._replace(won=won)


@functools.cache
def _empty(rules: TicTacToe) -> Stones:
    size = rules.width * rules.height
    numbered = list(enumerate(rules.lines()))
    through = tuple(
        tuple((number, line, sum(1 << c for c in line)) for number, line in numbered if cell in line)
        for cell in range(size)
    )
    grid = Grid(rules.in_a_row, len(numbered), through)
    promise = [len(lines) for lines in through]
    return Stones(grid, (1 << size) - 1, 0, (0, 0), (promise, promise), [0] * len(numbered), len(numbered), 0, False)


def cells_of(bits: int) -> list[int]:
    """Return the cells of a set, in order."""
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found
