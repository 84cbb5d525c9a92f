"""Long polls for news of rooms, and the thread that answers them. A commit never waits for these callers.

All callers that have the same version get the same answer. It is made and serialized once.
"""

from __future__ import annotations

import heapq
import math
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

import structlog

from game.errors import TicTacToeError
from wire.errors import InternalError
from wire.later import Later, Shared

logger = structlog.get_logger()

TICK_S = 0.05
"""Waits are rounded up to a multiple of this, in seconds, so that many end together."""

News = Callable[[str, Any], Mapping[str, Any]]


class _Waiter:
    """A caller that has a room's events up to a version. ``later`` is its answer."""

    __slots__ = ("after", "later", "room", "until")

    def __init__(self, room: str, after: Hashable, until: int) -> None:
        self.room = room
        self.after = after
        self.until = until
        self.later = Later()


class LongPolls:
    """Answers waiting callers when their room changes or their timeout ends. Safe for threads."""

    def __init__(self, news: News) -> None:
        """Store the source of news. The thread starts with the first caller that waits.

        ``news`` returns a room's events after a version; it may raise.
        """
        self._news = news
        self._changed = threading.Condition()
        # A waiter is in ``_waiting`` (by room) and in ``_due`` (by tick), until it is answered or abandoned.
        self._waiting: dict[str, dict[_Waiter, None]] = {}
        self._due: dict[int, dict[_Waiter, None]] = {}
        self._ticks: list[int] = []  # a heap of the keys of ``_due``
        self._to_answer: list[_Waiter] = []
        self._begun = False
        self._ending = False

    def wait(self, room: str, after: Hashable, timeout_s: float) -> Later:
        """Wait for a room's events after a version, for at most ``timeout_s``."""
        waiter = _Waiter(room, after, math.ceil((time.monotonic() + timeout_s) / TICK_S))
        waiter.later.on_abandon(lambda: self._forget(waiter))
        with self._changed:
            self._waiting.setdefault(room, {})[waiter] = None
            if waiter.until not in self._due:
                self._due[waiter.until] = {}
                heapq.heappush(self._ticks, waiter.until)
            self._due[waiter.until][waiter] = None
            if self._ticks[0] == waiter.until or self._ending:
                self._changed.notify()
            if not self._begun:
                self._begun = True
                threading.Thread(target=self._run, name="long polls", daemon=True).start()
        return waiter.later

    def notify(self, rooms: Iterable[str]) -> None:
        """Answer the callers that wait in these rooms, because there are new events."""
        with self._changed:
            for room in rooms:
                for waiter in self._waiting.pop(room, ()):
                    del self._due[waiter.until][waiter]
                    self._to_answer.append(waiter)
            if self._to_answer:
                self._changed.notify()

    def has_waiter(self, room: str) -> bool:
        """Return whether a caller waits in the room."""
        return room in self._waiting

    @property
    def waiting(self) -> int:
        """How many callers wait."""
        with self._changed:
            return sum(len(waiters) for waiters in self._waiting.values())

    def end(self) -> None:
        """Answer all callers, now and from now on."""
        with self._changed:
            self._ending = True
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                ready = self._take()
                while not ready:
                    self._changed.wait(self._ticks[0] * TICK_S - time.monotonic() if self._ticks else None)
                    ready = self._take()
            self._answer(ready)

    def _take(self) -> list[_Waiter]:
        """Remove and return the waiters to answer now."""
        ready, self._to_answer = self._to_answer, []
        now = time.monotonic()
        while self._ticks and (self._ticks[0] * TICK_S <= now or self._ending):
            for waiter in self._due.pop(heapq.heappop(self._ticks)):
                self._leave_room(waiter)
                ready.append(waiter)
        return ready

    def _answer(self, ready: Iterable[_Waiter]) -> None:
        same: dict[tuple[str, Hashable], list[_Waiter]] = {}
        for waiter in ready:
            same.setdefault((waiter.room, waiter.after), []).append(waiter)
        for (room, after), waiters in same.items():
            try:
                news = Shared(self._news(room, after))
            except TicTacToeError as error:
                _fail(waiters, error)
            except Exception:
                logger.exception("long poll failed", room=room)
                _fail(waiters, InternalError("the server failed at this; its log has the details"))
            else:
                for waiter in waiters:
                    waiter.later.answer(news)

    def _forget(self, waiter: _Waiter) -> None:
        with self._changed:
            if waiter in self._waiting.get(waiter.room, ()):
                self._leave_room(waiter)
                del self._due[waiter.until][waiter]

    def _leave_room(self, waiter: _Waiter) -> None:
        here = self._waiting[waiter.room]
        del here[waiter]
        if not here:
            del self._waiting[waiter.room]


def _fail(waiters: Iterable[_Waiter], error: TicTacToeError) -> None:
    for waiter in waiters:
        waiter.later.fail(error)
