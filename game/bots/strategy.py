"""Computer players. They see only the ``board`` of a view; randomness and time are arguments.

``choose`` plays a move of a level. The levels differ in what they take into account:

- ``random`` plays any free cell.
- ``easy`` sees its own win in one move, and the opponent's half of the time. It mostly plays beside some stone.
- ``medium`` looks only at its next stone. It never misses a win in one move or a forced block, but falls for double
  threats.
- ``hard`` never loses on 3×3, which is solved. On larger boards it searches for as long as it may.

``perfect`` is the old name of ``hard`` and is still accepted.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from game.bots import solved
from game.bots.lines import Stones, cells_of, stones_on
from game.bots.search import GoOn, best_cell
from game.errors import GameNotRunning, InvalidArgument, require
from game.games.tictactoe import EMPTY, rules_with
from game.rules import SEATS, Seat

Strategy = Callable[[Mapping[str, Any], Seat, random.Random, GoOn], int]
"""Returns the cell to play for a board (as in a view), the seat to move, randomness and ``go_on``. The game must not be
over."""

THINKS_S = 0.3
"""The default time for a move of a level that searches, in seconds."""
_RESTS_EVERY_S = 0.001
_RESTS_S = 0.0001
_SEES_THREATS = 0.5
_CAREFUL = 0.3
_VARIED = 2
"""``medium`` plays any cell with at least 1/_VARIED of the best cell's value."""


def choose(level: str, board: Mapping[str, Any], seat: Seat, chance: random.Random, go_on: GoOn) -> int:
    """Return the cell that a computer player of that level plays.

    ``board`` is as in a view, and it is ``seat``'s turn. The same ``chance`` and the same answers of ``go_on`` give the
    same cell. ``go_on`` is called at every position; when it returns false, the search ends, even at the first call.
    Only 3×3 is then still solved, in about 50 ms once per process.

    Raises InvalidArgument for an unknown level or an invalid board, GameNotRunning when the game is over.
    """
    require(level in LEVELS, f"a level is one of {', '.join(LEVELS)}")
    require(seat in SEATS, f"a seat is one of {', '.join(SEATS)}")
    rules, cells = rules_with(board), board.get("cells")
    if not isinstance(cells, str) or len(cells) != rules.width * rules.height or set(cells) - {EMPTY, *SEATS}:
        raise InvalidArgument(f"cells are {rules.width * rules.height} of {EMPTY}, {' and '.join(SEATS)}")
    if EMPTY not in cells or stones_on(rules, cells).won:
        raise GameNotRunning("the game is over")
    return LEVELS[level](board, seat, chance, go_on)


def within(seconds: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> GoOn:
    """Return a ``go_on`` that is true for ``seconds`` from now and lets other threads run at intervals.

    A busy Python thread holds the interpreter for 5 ms at a time. Another thread, such as a window's or a server's,
    would wait that long at each small call. A short sleep every millisecond costs the search almost nothing.
    """
    now = clock()
    ends_at, rests_at = now + seconds, now + _RESTS_EVERY_S

    def go_on() -> bool:
        nonlocal rests_at
        now = clock()
        if now >= rests_at:
            sleep(_RESTS_S)
            rests_at = clock() + _RESTS_EVERY_S
        return now < ends_at

    return go_on


def steps(number: int) -> GoOn:
    """Return a ``go_on`` that is true ``number`` times. It gives the same search on every machine."""
    left = number

    def go_on() -> bool:
        nonlocal left
        left -= 1
        return left >= 0

    return go_on


def _random(board: Mapping[str, Any], seat: Seat, chance: random.Random, go_on: GoOn) -> int:  # noqa: ARG001  # as a Strategy
    return chance.choice([cell for cell, stone in enumerate(board["cells"]) if stone == EMPTY])


def _easy(board: Mapping[str, Any], seat: Seat, chance: random.Random, go_on: GoOn) -> int:  # noqa: ARG001
    stones, side = stones_on(rules_with(board), board["cells"]), SEATS.index(seat)
    sees = chance.random() < _SEES_THREATS
    careful = chance.random() < _CAREFUL
    urgent = stones.wins[side] or (stones.wins[1 - side] if sees else 0)
    if urgent:
        return chance.choice(cells_of(urgent))
    return _promising(stones, side, chance) if careful else chance.choice(_beside_stones(board))


def _beside_stones(board: Mapping[str, Any]) -> list[int]:
    """Return the free cells with a stone next to them; all free cells if there are none."""
    cells, width = board["cells"], board["width"]
    free = [cell for cell, stone in enumerate(cells) if stone == EMPTY]
    taken = [divmod(cell, width) for cell, stone in enumerate(cells) if stone != EMPTY]
    near = {(y + dy, x + dx) for y, x in taken for dy in (-1, 0, 1) for dx in (-1, 0, 1)}
    return [cell for cell in free if divmod(cell, width) in near] or free


def _medium(board: Mapping[str, Any], seat: Seat, chance: random.Random, go_on: GoOn) -> int:  # noqa: ARG001
    stones, side = stones_on(rules_with(board), board["cells"]), SEATS.index(seat)
    urgent = _urgent(stones, side)
    return chance.choice(urgent) if urgent else _promising(stones, side, chance)


def _urgent(stones: Stones, side: int) -> list[int]:
    """Return the cells that win at once, else those where the opponent would win; empty if there are none."""
    return cells_of(stones.wins[side] or stones.wins[1 - side])


def _promising(stones: Stones, side: int, chance: random.Random) -> int:
    """Return one of the cells on the fullest open lines."""
    free, prospects = cells_of(stones.free), stones.prospects(side)
    least = max(prospects[cell] for cell in free) // _VARIED
    return chance.choice([cell for cell in free if prospects[cell] >= least])


def _hard(board: Mapping[str, Any], seat: Seat, chance: random.Random, go_on: GoOn) -> int:
    rules, cells = rules_with(board), board["cells"]
    stones, side = stones_on(rules, cells), SEATS.index(seat)
    if len(cells) > solved.CELLS:
        return best_cell(stones, side, chance, go_on)
    # Against two threats all cells lose. Blocking one of them still looks better than blocking none.
    return chance.choice(_urgent(stones, side) or solved.best_cells(rules, cells, seat, go_on))


LEVELS: Mapping[str, Strategy] = {
    "random": _random,
    "easy": _easy,
    "medium": _medium,
    "hard": _hard,
    "perfect": _hard,
}
OFFERED = ("easy", "medium", "hard")
"""The levels in the list for people, weakest first."""
