"""Waits of readers of everything, such as the front door: they are answered together, and not at every change.

A reader that is answered at each commit asks again at once, and costs the commits their time. So the first change
after a quiet time is answered soon, and further ones at most every ``PAUSE_S``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from game.errors import TicTacToeError
from server.runtime.timers import Timer, Timers
from wire.later import Later

PAUSE_S = 0.05
"""The shortest time in seconds between two rounds of answers."""


class _Wait(NamedTuple):
    """A wait: whether there is news for it, how to make its answer, and when its time is up."""

    has_news: Callable[[], bool]
    answer: Callable[[], Any]
    timer: Timer


class Followers:
    """The waiting readers."""

    def __init__(self, timers: Timers, clock: Callable[[], float] = time.monotonic) -> None:
        self._timers = timers
        self._clock = clock
        self._waits: dict[Later, _Wait] = {}
        self._answered_at = -PAUSE_S
        self._round: Timer | None = None  # the next round of answers, if there is one

    def wait(self, has_news: Callable[[], bool], answer: Callable[[], Any], timeout_s: float) -> Later:
        """Return the answer when ``has_news`` is true, or after ``timeout_s``."""
        later = Later()
        timer = self._timers.call_later(timeout_s, lambda: self._answer(later))
        self._waits[later] = _Wait(has_news, answer, timer)
        later.on_abandon(lambda: self._forget(later))
        if has_news():
            self.notify()
        return later

    def notify(self) -> None:
        """Answer the readers that have news, soon."""
        if self._waits and self._round is None:
            pause_s = self._answered_at + PAUSE_S - self._clock()
            self._round = self._timers.call_later(max(0.0, pause_s), self._answer_those_with_news)

    def hurry(self) -> None:
        """Make the next round without a pause, because a caller waits until a reader has the news."""
        self._answered_at = -PAUSE_S
        if self._round is not None:
            self._round.cancel()
            self._round = None
        self.notify()

    def end(self) -> None:
        """Answer all readers now."""
        for later in list(self._waits):
            self._answer(later)

    def _answer_those_with_news(self) -> None:
        self._round = None
        self._answered_at = self._clock()
        for later, wait in list(self._waits.items()):
            if wait.has_news():
                self._answer(later)

    def _answer(self, later: Later) -> None:
        wait = self._waits.get(later)
        if wait is None:
            return
        self._forget(later)
        try:
            answer = wait.answer()
        except TicTacToeError as error:
            later.fail(error)
        else:
            later.answer(answer)

    def _forget(self, later: Later) -> None:
        wait = self._waits.pop(later, None)
        if wait is not None:
            wait.timer.cancel()
