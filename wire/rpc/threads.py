"""The threads in which connections are served, one each: those that are done wait for the next connection.

The library has a pool as well, but it waits until each new thread has begun, in the one thread that takes connections;
and none of its threads is there before the first caller is, when after a takeover all come at once.
"""

from __future__ import annotations

import _thread
import queue
import threading
from collections.abc import Callable

KEPT = 64
"""How many wait for the next connection at the most."""


class Threads:
    """Threads that are begun when there is something to do and kept for more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting = 0
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def begin(self) -> None:
        """Have as many wait as are kept."""
        for _ in range(KEPT):
            _thread.start_new_thread(self._live, (_nothing,))

    def do(self, work: Callable[[], None]) -> None:
        """Do it in a thread of its own. Raises RuntimeError when no more threads are to be had."""
        with self._lock:
            waits = self._waiting > 0
            self._waiting -= waits
        if waits:
            self._work.put(work)
        else:
            _thread.start_new_thread(self._live, (work,))

    def _live(self, work: Callable[[], None]) -> None:
        while True:
            work()
            with self._lock:
                if self._waiting >= KEPT:
                    return
                self._waiting += 1
            work = self._work.get()


def _nothing() -> None:
    return
