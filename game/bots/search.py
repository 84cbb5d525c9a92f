"""The search of the strong computer player: which cell is best, as far as it got before it was told to stop.

Depth-first negamax with alpha-beta cuts, deepened step by step, over the most promising cells, with what earlier depths
found kept in a table (Knuth and Moore, "An Analysis of Alpha-Beta Pruning", 1975). A win in one is taken, a single
threat is answered, and neither counts as depth, nor do runs of threats that each force their answer: so combinations
are seen far beyond the depth (after Allis, van den Herik and Huntjens, "Go-Moku and Threat-Space Search", 1993).

No clock: ``go_on`` is asked at every position, before it is looked at.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from game.bots.lines import DIGIT, Side, Stones, cells_of

GoOn = Callable[[], bool]
"""Asked again and again whether to think on; what it does besides, like letting others go first, is the caller's."""

WIN = 1 << 40
"""More than any balance of lines. A win is worth this less the number of stones until it is there."""
_FAR = 1 << 20
"""Values above ``WIN - _FAR`` are wins, those below the negative of it are losses."""
_WIDTH = 10
"""How many cells are tried at a position; all when there are few."""
_WIDTH_AT_ROOT = 20
_SMALL = 12
"""With at most so many empty cells all are tried."""
_THREATS_DEEP = 8
"""How many stones of threats and answers are followed where the depth ends."""

_MOST_KNOWN = 30_000
"""Positions kept at most, 8 MB. A larger table would also make single steps long, whenever it grows."""


class _Stopped(Exception):
    """No more time: the way out of the recursion."""


_Known = tuple[int, int, int, int]
"""What an earlier look at a position found: how deep it looked, the worth at least and at most, the best cell.

Plain tuples, at which the garbage collector soon looks no more: with 30,000 named ones its full turn took 10 ms.
"""


def best_cell(stones: Stones, side: Side, chance: random.Random, go_on: GoOn) -> int:
    """The cell to play for the side to move; there must be an empty one and no line.

    A win in one and a forced block come without a search, whatever ``go_on`` says; if it never lets anything be
    searched, the most promising cell is played. The same chance and number of positions give the same cell.
    """
    cells = _worth_trying(stones, side, _WIDTH_AT_ROOT, chance)
    if len(cells) == 1 or stones.wins[side] or not stones.open_lines or not any(stones.counts):
        return cells[0]
    search = _Search(go_on, cells[0])
    for depth in range(1, stones.free.bit_count() + 1):
        try:
            worth = search.at_root(stones, side, cells, depth)
        except _Stopped:
            break
        if abs(worth) > WIN - _FAR:
            break
        cells.remove(search.best)
        cells.insert(0, search.best)
    return search.best


def _worth_trying(stones: Stones, side: Side, width: int, chance: random.Random | None = None) -> list[int]:
    """The cells to look at, the most promising first; ``chance`` decides between equals.

    Where somebody wins in one, only cells that do so, the own side's before the other's.
    """
    cells = cells_of(stones.wins[side] or stones.wins[1 - side] or stones.free)
    if chance is not None:
        chance.shuffle(cells)
    cells.sort(key=stones.lively(side).__getitem__, reverse=True)
    if len(cells) > _SMALL:
        del cells[width:]
    return cells


class _Search:
    """One search, with what it has found so far."""

    def __init__(self, go_on: GoOn, best: int) -> None:
        self.best = best
        self._go_on = go_on
        self._known: dict[tuple[int, int], _Known] = {}

    def at_root(self, stones: Stones, side: Side, cells: list[int], depth: int) -> int:
        """Look so deep at each of these cells, the best so far first; returns the worth. Raises _Stopped.

        What a stone gains by itself counts once more: against best answers every attack ends in a block, and who
        believes that alone begins none. On 10×10 with ten in a row it won 4 of 100 games against random.
        """
        worth = -WIN
        for cell in cells:
            after = stones.play(cell, side)
            gain = abs(after.balance - stones.balance)
            value = -self._worth(after, 1 - side, depth - 1, -WIN, gain - worth, 1)
            if abs(value) < WIN - _FAR:
                value += gain
            if value > worth:
                self.best, worth = cell, value
        return worth

    def _worth(self, stones: Stones, side: Side, depth: int, low: int, high: int, played: int) -> int:
        """What the position is worth to the side to move after ``played`` stones; exact between ``low`` and ``high``.

        Else a bound: at most what is returned if that is ``low`` or less, at least if it is ``high`` or more.
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
            return -self._worth(answered, 1 - side, depth, -high, -low, played + 1)
        if depth <= 0:
            return self._after_threats(stones, side, depth, low, high, played)
        return self._deeper(stones, side, depth, low, high, played)

    def _deeper(self, stones: Stones, side: Side, depth: int, low: int, high: int, played: int) -> int:
        """The best of all that is worth trying."""
        key = (stones.free, stones.xs)
        known = self._known.get(key)
        cells = _worth_trying(stones, side, _WIDTH)
        if known is not None:
            depth_then, at_least, at_most, best_then = known
            if depth_then >= depth and (at_least >= high or at_least == at_most):
                return at_least
            if depth_then >= depth and at_most <= low:
                return at_most
            cells.remove(best_then)
            cells.insert(0, best_then)
        best, worth, floor = cells[0], -WIN, low
        for cell in cells:
            value = -self._worth(stones.play(cell, side), 1 - side, depth - 1, -high, -floor, played + 1)
            if value > worth:
                best, worth, floor = cell, value, max(floor, value)
                if worth >= high:
                    break
        if known is not None or len(self._known) < _MOST_KNOWN:
            self._known[key] = (depth, worth if worth > low else -WIN, worth if worth < high else WIN, best)
        return worth

    def _after_threats(self, stones: Stones, side: Side, depth: int, low: int, high: int, played: int) -> int:
        """The balance of the lines, or what a run of threats makes of it."""
        worth = -stones.balance if side else stones.balance
        if worth >= high or depth <= -_THREATS_DEEP:
            return worth
        threat = 1 << DIGIT * (stones.grid.in_a_row - 2)
        own = stones.promise[side]
        for cell in cells_of(stones.free):
            if own[cell] >= threat:
                floor = max(low, worth)
                value = -self._worth(stones.play(cell, side), 1 - side, depth - 1, -high, -floor, played + 1)
                worth = max(worth, value)
                if worth >= high:
                    break
        return worth
