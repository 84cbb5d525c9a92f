"""Service time (see ``game.context``) on the primary, from its own monotonic clock.

It moves only while the server works. The server calls ``tick`` every ``TICK_S`` with the commit lock held. Of a longer
pause between two ticks, only ``LONGEST_STEP_S`` counts. So a hung server or a blocked commit costs a player no more
than that.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from functools import partial

from game.context import CHANCE_BITS, Context

TICK_S = 0.1
LONGEST_STEP_S = 0.3
_BYTES = (CHANCE_BITS + 7) // 8
_AT_ONCE = 64


class ServiceClock:
    """Service time in milliseconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, chance: Callable[[], int] | None = None) -> None:
        """Start at 0; ``at_least`` sets the time reached before. ``chance`` returns ``CHANCE_BITS`` random bits."""
        self._clock = clock
        self._chance = chance or partial(next, _random_bits())
        # Service time in ms when it was last set, and the monotonic time of that moment.
        self._reached = (0.0, clock())

    def now(self) -> int:
        """Return the service time in milliseconds."""
        passed_ms, since = self._reached
        return int(passed_ms + 1000.0 * min(max(0.0, self._clock() - since), LONGEST_STEP_S))

    def tick(self) -> int:
        """Advance the service time and return it."""
        passed_ms, since = self._reached
        now = self._clock()
        passed_ms += 1000.0 * min(max(0.0, now - since), LONGEST_STEP_S)
        self._reached = (passed_ms, now)
        return int(passed_ms)

    def at_least(self, at: int) -> None:
        """Advance the service time to ``at`` if it is behind."""
        if at > self.now():
            self._reached = (float(at), self._clock())

    def context(self, *, draining: bool = False) -> Context:
        """Return the present moment: service time, random bits, date, and ``draining``."""
        return Context(self.now(), self._chance(), int(time.time()), draining)


def _random_bits() -> Iterator[int]:
    """Yield ``CHANCE_BITS`` random bits of the system, requested for many decisions at once: it is a system call."""
    while True:
        bits = secrets.token_bytes(_AT_ONCE * _BYTES)
        for at in range(0, len(bits), _BYTES):
            yield int.from_bytes(bits[at : at + _BYTES], "big") >> (8 * _BYTES - CHANCE_BITS)
