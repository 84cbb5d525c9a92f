"""Deferred answers: a remote method returns a ``Later`` instead of waiting for the answer in its caller's thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from game.errors import TicTacToeError
from wire.waiting import about_to_wait

logger = logging.getLogger(__name__)

OnSettled = Callable[[Any, TicTacToeError | None], None]
"""Receives the answer, or the error in its place."""


class Shared:
    """An answer for many callers. Each serializer writes it once."""

    __slots__ = ("_written", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self._written: dict[int, bytes] = {}

    def written(self, serializer: int, write: Callable[[Any], bytes]) -> bytes:
        """Return the bytes of the answer. ``write`` makes them at the first call for a serializer."""
        data = self._written.get(serializer)
        if data is None:
            data = self._written[serializer] = write(self.value)
        return data


class Later:
    """A deferred answer.

    It is settled once, by any thread, and passed to every callback, earlier or later. Thread-safe.
    """

    __slots__ = ("_abandon", "_callbacks", "_lock", "_settled", "error", "value")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._settled = False
        self._callbacks: list[OnSettled] = []
        self._abandon: Callable[[], None] | None = None
        self.value: Any = None
        self.error: TicTacToeError | None = None

    def answer(self, value: Any) -> None:
        """Settle it with this answer."""
        self._settle(value, None)

    def fail(self, error: TicTacToeError) -> None:
        """Settle it with this error."""
        self._settle(None, error)

    def then(self, callback: OnSettled) -> None:
        """Call ``callback`` when it is settled, in the thread that settles it; at once if it is settled already."""
        with self._lock:
            if not self._settled:
                self._callbacks.append(callback)
                return
        callback(self.value, self.error)

    def wait(self) -> Any:
        """Wait for the answer and return it. Raises the error in its place."""
        self.wait_settled()
        if self.error is not None:
            raise self.error
        return self.value

    def wait_settled(self) -> None:
        """Wait until it is settled and all earlier callbacks have been called."""
        there = threading.Lock()
        there.acquire()
        self.then(lambda _value, _error: there.release())
        about_to_wait()
        there.acquire()

    def on_abandon(self, act: Callable[[], None]) -> None:
        """Set the function that ``abandon`` calls."""
        self._abandon = act

    def abandon(self) -> None:
        """Note that nobody needs the answer any more, because the client has disconnected."""
        if not self._settled and self._abandon is not None:
            self._abandon()

    @property
    def settled(self) -> bool:
        """Return whether there is an answer, or an error in its place."""
        return self._settled

    def _settle(self, value: Any, error: TicTacToeError | None) -> None:
        with self._lock:
            self.value, self.error, self._settled = value, error, True
            callbacks, self._callbacks = self._callbacks, []
        for one in callbacks:
            try:
                one(value, error)
            except Exception:  # the thread that settles it must not fail by a callback
                logger.exception("a callback of a deferred answer failed")


def now(answer: Any) -> Any:
    """Return the answer of a method that may defer it, after a wait if necessary. Raises the error in its place."""
    return answer.wait() if isinstance(answer, Later) else answer
