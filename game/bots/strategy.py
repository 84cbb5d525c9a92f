"""Computer players: which cell to play, seen only what a view's ``board`` shows. Chance and time are handed in.

``choose`` is the door for everybody who has a level's name; the levels differ in what they see:

- ``random`` sees nothing: any free cell.
- ``easy`` sees its own win in one, the other's only half of the time, and mostly plays just beside some stone.
- ``medium`` looks at its next stone alone: never misses a win in one nor a forced block, falls for
  double threats.
- ``hard`` never loses on 3×3, which is solved; on larger boards it searches for as long as it may.

``perfect`` is what ``hard`` was called when there were no others, and lives on in names and habits.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from game.bots import solved
from game.bots.lines import Stones, cells_of, stones_on
from game.bots.search import GoOn, best_cell
from game.errors import GameNotRunning, InvalidArgument
from game.games.tictactoe import EMPTY, rules_with
from game.rules import SEATS, Seat

Strategy = Callable[[Mapping[str, Any], Seat, random.Random, GoOn], int]
"""Board (as in a view), the seat to move, chance, whether to think on → the cell to play. The game must not be over."""

THINKS_S = 0.3
"""How long a level that searches may think about a move, unless its caller knows better."""
_RESTS_EVERY_S = 0.001
_RESTS_S = 0.0001
_SEES_THREATS = 0.5
_CAREFUL = 0.3
_VARIED = 2
"""``medium`` plays any cell that promises at least one part in so many of what the best does."""


def choose(level: str, board: Mapping[str, Any], seat: Seat, chance: random.Random, go_on: GoOn) -> int:
    """The cell that a computer player of that level plays.

    ``board`` is as in a view, and it is ``seat``'s turn there. The same chance and the same answers of ``go_on`` give
    the same cell. ``go_on`` is asked at every position that is looked at; once it says no, the answer comes at once,
    and it may do so from the first time on. Only 3×3 is then still solved, which takes some 50 ms once in a process.
    Raises InvalidArgument for no such level or no board, GameNotRunning when the game is over.
    """
    if level not in LEVELS:
        raise InvalidArgument(f"a level is one of {', '.join(LEVELS)}")
    if seat not in SEATS:
        raise InvalidArgument(f"a seat is one of {', '.join(SEATS)}")
    rules, cells = rules_with(board), board.get("cells")
    if not isinstance(cells, str) or len(cells) != rules.width * rules.height or set(cells) - {EMPTY, *SEATS}:
        raise InvalidArgument(f"cells are {rules.width * rules.height} of {EMPTY}, {' and '.join(SEATS)}")
    if EMPTY not in cells or stones_on(rules, cells).won:
        raise GameNotRunning("the game is over")
    return LEVELS[level](board, seat, chance, go_on)


def within(seconds: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> GoOn:
    """Go on for so long from now, and let the other threads of the process go first again and again.

    Python lets a busy thread keep the interpreter for 5 ms at a time, and whoever waits for it at every small call
    (a window, a server) waits that long at each. A short sleep every millisecond costs the search next to nothing.
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
    """Go on so many times: the same on every machine."""
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
    """The free cells with a stone next to them; all if there are none."""
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
    """The cells that win at once, else those with which the other would; none if there are none."""
    return cells_of(stones.wins[side] or stones.wins[1 - side])


def _promising(stones: Stones, side: int, chance: random.Random) -> int:
    """One of the cells on the fullest open lines."""
    free, lively = cells_of(stones.free), stones.lively(side)
    least = max(lively[cell] for cell in free) // _VARIED
    return chance.choice([cell for cell in free if lively[cell] >= least])


def _hard(board: Mapping[str, Any], seat: Seat, chance: random.Random, go_on: GoOn) -> int:
    rules, cells = rules_with(board), board["cells"]
    stones, side = stones_on(rules, cells), SEATS.index(seat)
    if len(cells) > solved.CELLS:
        return best_cell(stones, side, chance, go_on)
    # Against two threats all cells are as bad; but who blocks neither looks blind.
    return chance.choice(_urgent(stones, side) or solved.best_cells(rules, cells, seat, go_on))


LEVELS: Mapping[str, Strategy] = {
    "random": _random,
    "easy": _easy,
    "medium": _medium,
    "hard": _hard,
    "perfect": _hard,
}
OFFERED = ("easy", "medium", "hard")
"""The levels that people are asked to choose from, the weakest first."""
