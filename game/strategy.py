"""Computer players: which cell to play, seen only what a view's ``board`` shows. Chance is handed in.

``perfect`` searches 3×3 to the end and never loses there. On larger boards it is no more than sensible: it wins in one,
blocks in one, else takes a cell on the most promising lines.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Mapping
from typing import Any

from game.rules import Seat, other
from game.tictactoe import EMPTY, TicTacToe, rules_with

Strategy = Callable[[Mapping[str, Any], Seat, random.Random], int]
"""Board (as in a view), the seat to move, chance → the cell to play. The game must not be over."""

_SEARCHED_CELLS = 9


def random_move(board: Mapping[str, Any], seat: Seat, chance: random.Random) -> int:  # noqa: ARG001  # as a Strategy
    """Any free cell."""
    return chance.choice(_free(board["cells"]))


def perfect_move(board: Mapping[str, Any], seat: Seat, chance: random.Random) -> int:
    """One of the best cells: on 3×3 by full search, the quicker win and the later loss first."""
    rules = rules_with(board)
    cells: str = board["cells"]
    if len(cells) <= _SEARCHED_CELLS:
        worth = {cell: -_worth(rules, _with(cells, cell, seat), other(seat)) for cell in _free(cells)}
    else:
        worth = {cell: _promise(rules, cells, cell, seat) for cell in _free(cells)}
    best = max(worth.values())
    return chance.choice([cell for cell, value in worth.items() if value == best])


LEVELS: Mapping[str, Strategy] = {"random": random_move, "perfect": perfect_move}


@functools.cache
def _worth(rules: TicTacToe, cells: str, seat: Seat) -> int:
    """What the position is worth to the seat to move: 0 a draw, above 0 a win, more for a quicker one."""
    free = _free(cells)
    if any(all(cells[cell] == other(seat) for cell in line) for line in rules.lines()):
        return -1 - len(free)
    if not free:
        return 0
    return max(-_worth(rules, _with(cells, cell, seat), other(seat)) for cell in free)


def _promise(rules: TicTacToe, cells: str, cell: int, seat: Seat) -> int:
    """How good a cell looks: first a win, then the block of one, then lines by how full of one side they are."""
    promise = 0
    for line in rules.lines_through(cell):
        stones = [cells[c] for c in line if c != cell]
        own, others = stones.count(seat), stones.count(other(seat))
        if own == len(stones):
            return 1_000_000_000
        if others == len(stones):
            promise += 1_000_000
        elif not others:
            promise += 10 ** min(own, 4)
        elif not own:
            promise += 10 ** min(others, 4) // 2
    return promise


def _free(cells: str) -> list[int]:
    return [cell for cell, stone in enumerate(cells) if stone == EMPTY]


def _with(cells: str, cell: int, seat: Seat) -> str:
    return cells[:cell] + seat + cells[cell + 1 :]
