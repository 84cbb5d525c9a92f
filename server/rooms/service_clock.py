"""Service time (see ``game.moment``) as the main server in office tells it, from its own monotonic clock.

It passes only while the server shows that it moves: whoever keeps it calls ``tick`` every ``TICK_S``, with the commit
turn, and of a longer pause between two ticks no more than ``LONGEST_STEP_S`` counts. So a server that hung, and a
commit that stood still, cost no player more than that.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

from game.moment import CHANCE_BITS, Context

TICK_S = 0.1
LONGEST_STEP_S = 0.3


class ServiceClock:
    """Milliseconds of service. Safe for threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, chance: Callable[[], int] | None = None) -> None:
        """It is 0 until ``at_least`` tells what was reached before. ``chance`` gives ``CHANCE_BITS`` random bits."""
        self._clock = clock
        self._chance = chance or (lambda: secrets.randbits(CHANCE_BITS))
        self._lock = threading.Lock()
        self._reached = (0.0, clock())

    def now(self) -> int:
        """What time it is."""
        passed_ms, since = self._reached
        return int(passed_ms + 1000.0 * min(max(0.0, self._clock() - since), LONGEST_STEP_S))

    def tick(self) -> int:
        """Time passes; what time it is."""
        with self._lock:
            passed_ms, since = self._reached
            now = self._clock()
            passed_ms += 1000.0 * min(max(0.0, now - since), LONGEST_STEP_S)
            self._reached = (passed_ms, now)
        return int(passed_ms)

    def at_least(self, at: int) -> None:
        """It has been as late as this before."""
        with self._lock:
            if at > self.now():
                self._reached = (float(at), self._clock())

    def moment(self, *, draining: bool = False) -> Context:
        """This moment: the time, chance, the date, and what is handed in."""
        return Context(self.now(), self._chance(), int(time.time()), draining)
