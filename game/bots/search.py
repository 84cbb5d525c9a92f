"""The search of the strong computer player for the best cell, within the time that its caller allows.

It is a depth-first negamax with alpha-beta pruning and iterative deepening over the most promising cells. A table keeps
the results of earlier depths (Knuth and Moore, "An Analysis of Alpha-Beta Pruning", 1975).

The search always takes a win in one move and answers a single threat. Neither counts as depth, and past the depth it
follows runs of threats with forced answers. So it sees combinations far beyond its depth (after Allis, van den Herik
and Huntjens, "Go-Moku and Threat-Space Search", 1993).

There is no clock here: the search calls ``go_on`` before each position.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from game.bots.lines import DIGIT, Side, Stones, cells_of

GoOn = Callable[[], bool]
"""Returns whether the search may continue. The search calls it often, so the caller can also pause in it for other
threads."""

WIN = 1 << 40
"""The base value of a win, larger than any balance. A win's value is this minus the number of stones until it."""
_FAR = 1 << 20
"""Values above ``WIN - _FAR`` are wins; values below its negative are losses."""
_WIDTH = 10
"""The most cells tried at a position with more than ``_SMALL`` empty cells."""
_WIDTH_AT_ROOT = 20
_SMALL = 12
"""With at most this number of empty cells, all are tried."""
_THREATS_DEEP = 8
"""The most stones of threats and answers that are followed past the depth."""

_MOST_KNOWN = 30_000
"""The most positions in the table, about 8 MB. A larger table would also cause long pauses whenever it grows."""


class _Stopped(Exception):
    """The caller stopped the search. Leaves the recursion."""


_Known = tuple[int, int, int, int]
"""An earlier result for a position: its depth, lower bound, upper bound and best cell.

Plain tuples, because the garbage collector soon stops tracking them. With 30,000 named tuples a full collection took 10
ms."""


def best_cell(stones: Stones, side: Side, chance: random.Random, go_on: GoOn) -> int:
    """Return the cell to play for the side to move. The board must have an empty cell and no line.

    A win in one move and a forced block need no search, whatever ``go_on`` returns. If ``go_on`` is false from the
    start, the most promising cell is returned. The same ``chance`` and the same number of positions give the same cell.
    """
    cells = _candidates(stones, side, _WIDTH_AT_ROOT, chance)
    if len(cells) == 1 or stones.wins[side] or not stones.open_lines or not any(stones.counts):
        return cells[0]
    search = _Search(go_on, cells[0])
    for depth in range(1, stones.free.bit_count() + 1):
        try:
            best_value = search.at_root(stones, side, cells, depth)
        except _Stopped:
            break
        if abs(best_value) > WIN - _FAR:
            break
        cells.remove(search.best)
        cells.insert(0, search.best)
    return search.best


def _candidates(stones: Stones, side: Side, width: int, chance: random.Random | None = None) -> list[int]:
    """Return the cells to try, most promising first. ``chance`` decides between equal cells.

    If a side can win in one move, return only such cells; the own wins come before the opponent's.
    """
    cells = cells_of(stones.wins[side] or stones.wins[1 - side] or stones.free)
    if chance is not None:
        chance.shuffle(cells)
    cells.sort(key=stones.prospects(side).__getitem__, reverse=True)
    if len(cells) > _SMALL:
        del cells[width:]
    return cells


class _Search:
    """One search and its results so far."""

    def __init__(self, go_on: GoOn, best: int) -> None:
        self.best = best
        """The best cell so far."""
        self._go_on = go_on
        self._known: dict[tuple[int, int], _Known] = {}

    def at_root(self, stones: Stones, side: Side, cells: list[int], depth: int) -> int:
        """Search these cells to ``depth``, the best so far first. Return the best value. Raises _Stopped.

        The immediate gain of a stone counts once more. Without this, every attack seems worthless, because the best
        answer blocks it. On 10×10 with ten in a row, such a player won 4 of 100 games against random.
        """
        best_value = -WIN
        for cell in cells:
            after = stones.play(cell, side)
            gain = abs(after.balance - stones.balance)
            value = -self._value(after, 1 - side, depth - 1, -WIN, gain - best_value, 1)
            if abs(value) < WIN - _FAR:
                value += gain
            if value > best_value:
                self.best, best_value = cell, value
        return best_value

    def _value(self, stones: Stones, side: Side, depth: int, low: int, high: int, played: int) -> int:
        """Return the value of the position for the side to move after ``played`` stones.

        It is exact between ``low`` and ``high``. Otherwise it is a bound: an upper bound if it is at most ``low``, a
        lower bound if it is at least ``high``. Raises _Stopped.
        """
        if not self._go_on():
            raise _Stopped
        if not stones.open_lines:
            return 0
        if stones.wins[side]:
            return WIN - played - 1
        threats = stones.wins[1 - side]
        if threats & (threats - 1):
            return played + 2 - WIN
        if threats:
            answered = stones.play(threats.bit_length() - 1, side)
            return -self._value(answered, 1 - side, depth, -high, -low, played + 1)
        if depth <= 0:
            return self._after_threats(stones, side, depth, low, high, played)
        return self._deeper(stones, side, depth, low, high, played)

    def _deeper(self, stones: Stones, side: Side, depth: int, low: int, high: int, played: int) -> int:
        """Return the best value of all cells that are worth trying."""
        key = (stones.free, stones.xs)
        known = self._known.get(key)
        cells = _candidates(stones, side, _WIDTH)
        if known is not None:
            depth_then, at_least, at_most, best_then = known
            if depth_then >= depth and (at_least >= high or at_least == at_most):
                return at_least
            if depth_then >= depth and at_most <= low:
                return at_most
            cells.remove(best_then)
            cells.insert(0, best_then)
        best, best_value, floor = cells[0], -WIN, low
        for cell in cells:
            value = -self._value(stones.play(cell, side), 1 - side, depth - 1, -high, -floor, played + 1)
            if value > best_value:
                best, best_value, floor = cell, value, max(floor, value)
                if best_value >= high:
                    break
        if known is not None or len(self._known) < _MOST_KNOWN:
            self._known[key] = (
                depth,
                best_value if best_value > low else -WIN,
                best_value if best_value < high else WIN,
                best,
            )
        return best_value

    def _after_threats(self, stones: Stones, side: Side, depth: int, low: int, high: int, played: int) -> int:
        """Return the balance of the lines, or the value after a run of threats."""
        best_value = -stones.balance if side else stones.balance
        if best_value >= high or depth <= -_THREATS_DEEP:
            return best_value
        threat = 1 << DIGIT * (stones.grid.in_a_row - 2)
        own = stones.promise[side]
        for cell in cells_of(stones.free):
            if own[cell] >= threat:
                floor = max(low, best_value)
                value = -self._value(stones.play(cell, side), 1 - side, depth - 1, -high, -floor, played + 1)
                best_value = max(best_value, value)
                if best_value >= high:
                    break
        return best_value
