"""What a server process has counted since it began: plain numbers, which cost what they count next to nothing.

Lives here: counting, and no more. ``readings`` reads the numbers when somebody asks for metrics, from another thread
and without a lock: what is read may be an event older than what is counted. Every count begins anew with the process.
"""

from __future__ import annotations

import bisect
import threading
import time
from collections import Counter
from collections.abc import Callable

from game.errors import InvariantBroken
from wire.errors import Busy, InternalError, StorageFailed

MOVE_BOUNDS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
COMMIT_BOUNDS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
BATCH_BOUNDS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
RECOVERY_BOUNDS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0)

DIED = "died"
HUNG = "hung"
REASONS = (DIED, HUNG)
"""Why a server had to be replaced."""
WATCHED_CODES = (Busy.code, StorageFailed.code, InternalError.code, InvariantBroken.code)
"""Errors that are told from the beginning, with 0: who waits for the first must be able to see it as a growth."""

MOVE = "move"
"""The remote method whose time is counted."""


class Distribution:
    """How many values fell up to each bound, and their sum. One thread at a time adds to it."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """Values up to each bound but above the one before; last, those above all."""
        self.total = 0.0

    def add(self, value: float) -> None:
        """One more value."""
        self.counts[bisect.bisect_left(self.bounds, value)] += 1
        self.total += value

    @property
    def count(self) -> int:
        """How many values there were."""
        return sum(self.counts)


class Traffic:
    """How the calls of one endpoint ended. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.refused: Counter[str] = Counter(dict.fromkeys(WATCHED_CODES, 0))
        self.move_s = Distribution(MOVE_BOUNDS_S)

    def answered(self, method: object, code: str | None, took_s: float) -> None:
        """A call was answered, with an error of that code or (None) without one; a method can be anything."""
        if code is not None:
            with self._lock:
                self.refused[code] += 1
        elif method == MOVE:
            with self._lock:
                self.move_s.add(took_s)


class CommitCounts:
    """What was committed. Only whoever has the commit turn adds to it."""

    def __init__(self) -> None:
        self.commits = 0
        self.events: Counter[str] = Counter()
        self.terminations: Counter[str] = Counter()
        self.commands = Distribution(BATCH_BOUNDS)
        self.commit_s = Distribution(COMMIT_BOUNDS_S)


class RecoveryCounts:
    """How often another server was replaced from here, and how long that took. Only its watcher adds to it."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter(dict.fromkeys(REASONS, 0))
        self.took_s = Distribution(RECOVERY_BOUNDS_S)

    def add(self, reason: str, took_s: float) -> None:
        """One more."""
        self.reasons[reason] += 1
        self.took_s.add(took_s)


class Stopwatch:
    """How long something has been so, in all. Whoever sets it holds a lock; whoever reads it need not."""

    def __init__(self, *, running: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._state: tuple[float, float | None] = 0.0, clock() if running else None
        """Seconds before, and since when it is so again: in one, so that both are of the same moment."""

    def set(self, running: bool) -> None:
        """From now on it is so, or not."""
        before, since = self._state
        if running and since is None:
            self._state = before, self._clock()
        elif not running and since is not None:
            self._state = before + self._clock() - since, None

    @property
    def seconds(self) -> float:
        """How long until now."""
        before, since = self._state
        return before if since is None else before + self._clock() - since
