"""A few threads that do all work of an endpoint. One of them is the leader: it waits for work and does it.

A leader that is about to wait for something else, such as another server's answer, gives up the lead. The next thread
then leads. So no work is passed between threads, and few threads run at the same time ("leader/followers": Schmidt et
al., "Pattern-Oriented Software Architecture 2", 2000).

All threads share one interpreter. With a thread for each client, a thousand clients at once delayed commits and
heartbeats for seconds.

A leader that waits without notice (``wire.waiting``) loses the lead after STUCK_S seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from wire.waiting import call_when_waiting

logger = logging.getLogger(__name__)

KEPT = 4
"""The most threads that wait to become the leader."""
STUCK_S = 0.05
"""Seconds after which a leader at one piece of work loses the lead."""
LOOK_S = 0.05
"""The longest time between two looks for new work, in seconds, however much work is queued."""
AGAIN_S = 0.05
"""Pause in seconds after a failed look for work."""

Work = Callable[[], None]


class Workers:
    """The threads of an endpoint.

    ``gather`` appends work to a queue. If its second argument is true, it waits for work, some tenths of a second at
    most.
    """

    def __init__(self, gather: Callable[[deque[Work], bool], None], *, most: int) -> None:
        """``most``: the most threads."""
        self._gather = gather
        self._most = most
        self._leading = threading.Lock()
        """The leader's lock. The leader releases it, or another thread on its behalf."""
        self._lock = threading.Lock()
        """Protects ``_leader``, ``_threads`` and ``_waiting``."""
        self._leader: object = None
        """The mark of the leading thread; None while there is no leader."""
        self._working: tuple[object, float] | None = None
        """The leader at work, and since when; None between two pieces of work."""
        self._looked_at = 0.0
        self._queue: deque[Work] = deque()
        self._threads = 0
        self._waiting = 0
        """Number of threads that wait to become the leader."""
        self._ending = False

    def begin(self) -> None:
        """Start the first thread."""
        self._begin_thread()

    def watch(self, now: float) -> None:
        """Ensure that there is a leader. Call it regularly, with the time of the monotonic clock."""
        working = self._working
        if working is not None and now - working[1] > STUCK_S:
            self._step_aside(working[0], at=working)
        elif self._leader is None and not self._waiting:
            self._begin_thread()  # the last start failed, or the limit was reached

    def end(self) -> None:
        """End each thread when it has finished its present work."""
        self._ending = True

    def _begin_thread(self) -> None:
        with self._lock:
            if self._threads >= self._most:
                return
            self._threads += 1
        try:
            threading.Thread(target=self._live, name="worker", daemon=True).start()
        except RuntimeError:
            logger.warning("a thread cannot be started")
            with self._lock:
                self._threads -= 1

    def _live(self) -> None:
        me = object()
        call_when_waiting(lambda: self._step_aside(me))
        try:
            while self._lead(me):
                while self._leader is me and not self._ending:
                    if self._queue and time.monotonic() - self._looked_at < LOOK_S:
                        self._do(self._queue.popleft(), me)
                    else:
                        self._look_for_work()
                self._step_aside(me)
        finally:
            self._step_aside(me)
            with self._lock:
                self._threads -= 1

    def _look_for_work(self) -> None:
        self._looked_at = time.monotonic()
        try:
            self._gather(self._queue, not self._queue)
            self._looked_at = time.monotonic()
        except Exception:
            logger.exception("polling for connections failed, retrying")
            time.sleep(AGAIN_S)

    def _do(self, work: Work, me: object) -> None:
        self._working = mine = me, time.monotonic()
        try:
            work()
        except Exception:
            logger.exception("a worker's work failed")
        if self._working is mine:
            self._working = None

    def _lead(self, me: object) -> bool:
        """Wait until this thread leads. Return False if it is not needed."""
        with self._lock:
            if self._waiting >= KEPT:
                return False
            self._waiting += 1
        self._leading.acquire()
        with self._lock:
            self._waiting -= 1
            self._leader = me
            self._working = None
        return not self._ending

    def _step_aside(self, leader: object, *, at: tuple[object, float] | None = None) -> None:
        """Take the lead from ``leader``, if it leads and, when ``at`` is given, is still at that work."""
        with self._lock:
            if self._leader is not leader or (at is not None and self._working is not at):
                return
            self._leader = None
            alone = not self._waiting
            self._leading.release()
        if alone and not self._ending:
            self._begin_thread()
