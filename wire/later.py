"""Deferred answers: a remote method returns a ``Later`` when it cannot answer at once.

Everything here belongs to the thread of one event loop. Nothing waits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from game.errors import TicTacToeError

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
    """A deferred answer. It is settled once, and passed to every callback, earlier or later."""

    __slots__ = ("_abandon", "_callbacks", "_is_abandoned", "error", "settled", "value")

    def __init__(self) -> None:
        self.settled = False
        """Whether there is an answer, or an error in its place."""
        self.value: Any = None
        self.error: TicTacToeError | None = None
        self._callbacks: list[OnSettled] = []
        self._abandon: Callable[[], None] | None = None
        self._is_abandoned = False

    def answer(self, value: Any) -> None:
        """Settle it with this answer."""
        self.settle(value, None)

    def fail(self, error: TicTacToeError) -> None:
        """Settle it with this error."""
        self.settle(None, error)

    def then(self, callback: OnSettled) -> None:
        """Call ``callback`` when it is settled; at once if it is settled already."""
        if self.settled:
            callback(self.value, self.error)
        else:
            self._callbacks.append(callback)

    def on_abandon(self, act: Callable[[], None]) -> None:
        """Set the function that ``abandon`` calls. Call it at once if that has happened already."""
        self._abandon = act
        if self._is_abandoned:
            act()

    def abandon(self) -> None:
        """Note that nobody needs the answer any more, because the client has disconnected."""
        if self.settled:
            return
        self._is_abandoned = True
        if self._abandon is not None:
            self._abandon()

    def settle(self, value: Any, error: TicTacToeError | None) -> None:
        """Settle it with the error if there is one, else with the answer."""
        if error is not None:
            value = None
        self.value, self.error, self.settled = value, error, True
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(value, error)


def answered(value: Any) -> Later:
    """Return a ``Later`` that is settled with this answer."""
    later = Later()
    later.answer(value)
    return later


def failed(error: TicTacToeError) -> Later:
    """Return a ``Later`` that is settled with this error."""
    later = Later()
    later.fail(error)
    return later


def later_of(work: Callable[[], Any]) -> Later:
    """Do the work, and return a ``Later`` that is settled with its result or its TicTacToeError."""
    try:
        return answered(work())
    except TicTacToeError as error:
        return failed(error)
