"""A few threads that do all work of an endpoint: one at a time leads, that is, waits for work and does what has come.

A leader that is about to wait for something else (another server's answer, say) steps aside first, and the next thread
leads meanwhile. So what comes is handed from no thread to another, and those that run at the same time are few
("leader/followers": Schmidt et al., "Pattern-Oriented Software Architecture 2", 2000). All take turns at one
interpreter: with a thread for each caller, a thousand who came at once kept those that commit, and that prove that the
server lives, from their turns for seconds.

A leader that waits without having said so (``wire.waiting``) is put aside after STUCK_S.
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
"""Threads that wait until they lead, at the most."""
STUCK_S = 0.05
LOOK_S = 0.05
"""So long at the most nobody looks for more, however much there is to do."""
AGAIN_S = 0.05

Work = Callable[[], None]


class Workers:
    """The threads. ``gather`` appends to a queue what there is to do; if it is told to, it waits until there is
    something, for some tenths of a second at the most.
    """

    def __init__(self, gather: Callable[[deque[Work], bool], None], *, most: int) -> None:
        """``most``: how many threads there may be."""
        self._gather = gather
        self._most = most
        self._leading = threading.Lock()
        """Held by whoever leads; released by them, or for them."""
        self._lock = threading.Lock()
        self._leader: object = None
        self._working: tuple[object, float] | None = None
        """Which leader works, and since when."""
        self._looked_at = 0.0
        self._queue: deque[Work] = deque()
        self._threads = 0
        self._waiting = 0
        self._ending = False

    def begin(self) -> None:
        """Begin to work."""
        self._begin_thread()

    def watch(self, now: float) -> None:
        """See to it that somebody leads; to be called every now and then, with the time of the monotonic clock."""
        working = self._working
        if working is not None and now - working[1] > STUCK_S:
            self._step_aside(working[0], at=working)
        elif self._leader is None and not self._waiting:
            self._begin_thread()  # there were too many, or none was to be had

    def end(self) -> None:
        """Let every thread end that comes to an end with its work."""
        self._ending = True

    def _begin_thread(self) -> None:
        with self._lock:
            if self._threads >= self._most:
                return
            self._threads += 1
        try:
            threading.Thread(target=self._live, name="worker", daemon=True).start()
        except RuntimeError:
            logger.warning("no more threads are to be had")
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
            logger.exception("nobody could look for work; trying again")
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
        """Wait until this thread leads; false if it is not needed."""
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
        """Let another thread lead, if that one does, and is still ``at`` that work."""
        with self._lock:
            if self._leader is not leader or (at is not None and self._working is not at):
                return
            self._leader = None
            alone = not self._waiting
            self._leading.release()
        if alone and not self._ending:
            self._begin_thread()
