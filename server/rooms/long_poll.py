"""Long polls for news of rooms. All callers with the same version get the same answer, made and serialized once.

A commit never waits for these callers: they are answered after it, a bounded number at a time.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import partial
from typing import Any

from game.errors import TicTacToeError
from server.runtime.timers import Timers
from wire.later import Later, Shared

TICK_S = 0.05
"""Waits are rounded up to a multiple of this, in seconds, so that many end together."""
AT_ONCE = 64
"""Callers that are answered before other work."""

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
    """Answers waiting callers when their room changes or their timeout ends."""

    def __init__(self, news: News, timers: Timers, clock: Callable[[], float] = time.monotonic) -> None:
        """``news`` returns a room's events after a version. It may raise a TicTacToeError."""
        self._news = news
        self._timers = timers
        self._clock = clock
        # A waiter is in ``_waiting`` (by room) and in ``_due`` (by tick), until it is answered or abandoned. Each
        # tick in ``_due`` has a timer.
        self._waiting: dict[str, dict[_Waiter, None]] = {}
        self._due: dict[int, dict[_Waiter, None]] = {}
        # Waiters to answer, in groups with the same room and version.
        self._to_answer: deque[list[_Waiter]] = deque()
        self._is_answering = False
        self._is_ending = False

    def wait(self, room: str, after: Hashable, timeout_s: float) -> Later:
        """Wait for a room's events after a version, for at most ``timeout_s``."""
        waiter = _Waiter(room, after, math.ceil((self._clock() + timeout_s) / TICK_S))
        waiter.later.on_abandon(lambda: self._forget(waiter))
        if self._is_ending:
            self._queue([waiter])
            return waiter.later
        self._waiting.setdefault(room, {})[waiter] = None
        if waiter.until not in self._due:
            self._due[waiter.until] = {}
            self._timers.call_later(
                max(0.0, waiter.until * TICK_S - self._clock()), partial(self._on_tick, waiter.until)
            )
        self._due[waiter.until][waiter] = None
        return waiter.later

    def notify(self, rooms: Iterable[str]) -> None:
        """Answer the callers that wait in these rooms soon, because there are new events."""
        for room in rooms:
            waiters = self._waiting.pop(room, None)
            if waiters:
                for waiter in waiters:
                    del self._due[waiter.until][waiter]
                self._queue(waiters)

    def has_waiter(self, room: str) -> bool:
        """Return whether a caller waits in the room."""
        return room in self._waiting

    @property
    def waiting(self) -> int:
        """How many callers wait."""
        return sum(len(waiters) for waiters in list(self._waiting.values()))

    def end(self) -> None:
        """Answer all callers before this returns, and later ones soon: the event loop is about to end."""
        self._is_ending = True
        self.notify(list(self._waiting))
        while self._is_answering:
            self._answer_some()

    def _on_tick(self, tick: int) -> None:
        """Answer the callers at the end of their timeout."""
        ready = self._due.pop(tick)
        for waiter in ready:
            self._leave_room(waiter)
        self._queue(ready)

    def _queue(self, waiters: Iterable[_Waiter]) -> None:
        same: dict[tuple[str, Hashable], list[_Waiter]] = {}
        for waiter in waiters:
            same.setdefault((waiter.room, waiter.after), []).append(waiter)
        self._to_answer.extend(same.values())
        if self._to_answer and not self._is_answering:
            self._is_answering = True
            self._timers.soon(self._answer_some)

    def _answer_some(self) -> None:
        left = AT_ONCE
        while self._to_answer and left > 0:
            waiters = self._to_answer.popleft()
            if len(waiters) > left:
                self._to_answer.appendleft(waiters[left:])
                waiters = waiters[:left]
            left -= len(waiters)
            self._answer(waiters)
        self._is_answering = bool(self._to_answer)
        if self._is_answering:
            self._timers.soon(self._answer_some)

    def _answer(self, waiters: list[_Waiter]) -> None:
        """Answer callers of one room with the same version."""
        try:
            news = Shared(self._news(waiters[0].room, waiters[0].after))
        except TicTacToeError as error:
            for waiter in waiters:
                waiter.later.fail(error)
        else:
            for waiter in waiters:
                waiter.later.answer(news)

    def _forget(self, waiter: _Waiter) -> None:
        if waiter in self._waiting.get(waiter.room, ()):
            self._leave_room(waiter)
            del self._due[waiter.until][waiter]

    def _leave_room(self, waiter: _Waiter) -> None:
        here = self._waiting[waiter.room]
        del here[waiter]
        if not here:
            del self._waiting[waiter.room]
