"""Bounds the time that the clients of an endpoint take in a turn of the event loop.

All parts of a server share its loop. A text of 16 KiB can take 40 ms to parse, so some dozen clients could delay
heartbeats for seconds. Once the clients have taken MOST_S in a turn, the others wait for the next turn, in order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

MOST_S = 0.005
"""Seconds of a turn after which no further client is served in it."""
NOTICED_S = 0.001
"""Seconds of work after which the end of the turn is looked for. That costs the loop one more poll."""


class Turns:
    """The turns of a loop, as far as the clients of one endpoint take them up."""

    def __init__(self) -> None:
        self.spent_s = 0.0
        """The time that clients have taken in this turn, or in some short turns. Below NOTICED_S it is not reset."""
        self._waiting: deque[Callable[[], None]] = deque()
        """The work that was put off, oldest first."""
        self._is_scheduled = False
        """Whether ``_begin`` is going to be called in the next turn."""

    def spend(self, seconds: float) -> None:
        """Note that a client was served for so long."""
        self.spent_s += seconds
        if self.spent_s > NOTICED_S:
            self._schedule()

    def put_off(self, work: Callable[[], None]) -> None:
        """Do this work in the next turn, or later if there is much."""
        self._waiting.append(work)
        self._schedule()

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._begin)

    def _begin(self) -> None:
        """Begin a turn: do work that was put off, as far as it fits into the turn."""
        self._is_scheduled = False
        self.spent_s = 0.0
        for _ in range(len(self._waiting)):  # work that is put off now again waits for the next turn
            if self.spent_s > MOST_S:
                break
            self._waiting.popleft()()
        if self._waiting:
            self._schedule()
