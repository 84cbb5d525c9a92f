"""Counters of a server process since its start: plain numbers that cost almost nothing.

This module only counts, in the event loop. Other threads may read single numbers.
So a value may be one event behind. Every counter begins at 0 with the process.
"""

from __future__ import annotations

import bisect
import time
from collections import Counter
from collections.abc import Callable

from game.errors import InvariantBroken
from wire.errors import Busy, InternalError, StorageFailed

MOVE_BOUNDS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
COMMIT_BOUNDS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
BATCH_BOUNDS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
RECOVERY_BOUNDS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0)

REPORTED_CODES = (Busy.code, StorageFailed.code, InternalError.code, InvariantBroken.code)
"""Errors that are reported from the start, with 0, so that monitoring sees the first error as an increase."""

MOVE = "move"
"""The remote method of which the duration is counted."""


class Distribution:
    """The number of values up to each bound, and their sum. One thread at a time adds to it."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """Values up to each bound and above the bound before; the last item counts those above all bounds."""
        self.total = 0.0

    def add(self, value: float) -> None:
        """Add a value."""
        self.counts[bisect.bisect_left(self.bounds, value)] += 1
        self.total += value


class Traffic:
    """The results of the calls of one endpoint."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter(dict.fromkeys(REPORTED_CODES, 0))
        self.move_s = Distribution(MOVE_BOUNDS_S)

    def answered(self, method: object, code: str | None, took_s: float) -> None:
        """Count a call that ended with the error ``code``, or without an error (None). ``method`` can be any object."""
        if code is not None:
            self.refused[code] += 1
        elif method == MOVE:
            self.move_s.add(took_s)


class CommitCounts:
    """Counters of commits. Only the holder of the commit lock adds to them."""

    def __init__(self) -> None:
        self.commits = 0
        self.events: Counter[str] = Counter()
        self.terminations: Counter[str] = Counter()
        self.commands = Distribution(BATCH_BOUNDS)
        self.commit_s = Distribution(COMMIT_BOUNDS_S)


class Stopwatch:
    """The total time of a condition."""

    def __init__(self, *, running: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._before = 0.0  # seconds of earlier periods
        self._since = clock() if running else None  # when the current period began; None: there is none

    def set(self, running: bool) -> None:
        """Record whether the condition holds from now on."""
        if not running:
            self._before, self._since = self.seconds, None
        elif self._since is None:
            self._since = self._clock()

    @property
    def seconds(self) -> float:
        """The total seconds until now."""
        return self._before if self._since is None else self._before + self._clock() - self._since
