"""Tic-tac-toe on 3×3, solved: every best cell in every position, found by a search of all games to their end.

The process keeps the results: 5,478 positions at most.
"""

from __future__ import annotations

from collections.abc import Callable

from game.games.tictactoe import EMPTY, TicTacToe
from game.rules import Seat, other

CELLS = 9
_worths: dict[tuple[str, Seat], int] = {}


def best_cells(rules: TicTacToe, cells: str, seat: Seat, pause: Callable[[], object]) -> list[int]:
    """Return the best cells for the seat to move: the quickest win, else a draw, else the latest loss.

    ``pause`` is called at every new position. Nothing stops the search, which takes about 50 ms once per process.
    """
    worths = {cell: -_worth(rules, _with(cells, cell, seat), other(seat), pause) for cell in _free(cells)}
    best = max(worths.values())
    return [cell for cell, worth in worths.items() if worth == best]


def _worth(rules: TicTacToe, cells: str, seat: Seat, pause: Callable[[], object]) -> int:
    """Return the value for the seat to move: 0 for a draw, positive for a win, larger for a quicker win."""
    known = _worths.get((cells, seat))
    if known is not None:
        return known
    pause()
    free = _free(cells)
    if any(all(cells[cell] == other(seat) for cell in line) for line in rules.lines()):
        worth = -1 - len(free)
    elif not free:
        worth = 0
    else:
        worth = max(-_worth(rules, _with(cells, cell, seat), other(seat), pause) for cell in free)
    _worths[cells, seat] = worth
    return worth


def _free(cells: str) -> list[int]:
    return [cell for cell, stone in enumerate(cells) if stone == EMPTY]


def _with(cells: str, cell: int, seat: Seat) -> str:
    return cells[:cell] + seat + cells[cell + 1 :]
