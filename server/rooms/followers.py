"""Long polls of readers of everything, such as the front door: they are answered together, and not at every change.

A reader that is answered at each commit asks again at once, and costs the commits their time. So the first change
after a quiet time is answered soon, and further ones at most every ``PAUSE_S``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

from server.rooms.long_poll import LongPolls, News
from server.runtime.timers import Timer, Timers
from wire.later import Later

PAUSE_S = 0.05
"""The shortest time in seconds between two rounds of answers."""


class Followers:
    """The waiting readers, by the name of what they follow."""

    def __init__(self, news: News, timers: Timers, clock: Callable[[], float] = time.monotonic) -> None:
        """``news`` returns what is new in something since a place. It may raise a TicTacToeError."""
        self._long_polls = LongPolls(news, timers, clock)
        self._timers = timers
        self._clock = clock
        self._changed: set[str] = set()  # what the readers of the next round follow
        self._answered_at = -PAUSE_S
        self._round: Timer | None = None  # the next round of answers, if there is one

    def wait(self, followed: str, after: Hashable, timeout_s: float, *, has_news: bool) -> Later:
        """Wait for news since a place, for at most ``timeout_s``. ``has_news``: there is some now."""
        later = self._long_polls.wait(followed, after, timeout_s)
        if has_news:
            self.notify(followed)
        return later

    def notify(self, followed: str) -> None:
        """Answer its readers soon, because there is news."""
        if self._long_polls.has_waiter(followed):
            self._changed.add(followed)
            if self._round is None:
                pause_s = self._answered_at + PAUSE_S - self._clock()
                self._round = self._timers.call_later(max(0.0, pause_s), self._answer)

    def hurry(self, followed: str) -> None:
        """Make the next round without a pause, because a caller waits until a reader has the news."""
        self._answered_at = -PAUSE_S
        if self._round is not None:
            self._round.cancel()
            self._round = None
        for one in (*self._changed, followed):
            self.notify(one)

    def end(self) -> None:
        """Answer all readers, now and from now on."""
        self._long_polls.end()

    def _answer(self) -> None:
        self._round = None
        self._answered_at = self._clock()
        changed, self._changed = self._changed, set()
        self._long_polls.notify(changed)
