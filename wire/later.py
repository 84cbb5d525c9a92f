"""An answer that comes later: what a remote method returns instead of waiting for it in its caller's thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from game.errors import TicTacToeError
from wire.waiting import about_to_wait

logger = logging.getLogger(__name__)

Tell = Callable[[Any, TicTacToeError | None], None]
"""Takes the answer, or the error in its place."""


class Shared:
    """An answer that many get: written once for each way of writing."""

    __slots__ = ("_written", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self._written: dict[int, bytes] = {}

    def written(self, serializer: int, write: Callable[[Any], bytes]) -> bytes:
        """The bytes of the answer, made by ``write`` for the first who want them so."""
        data = self._written.get(serializer)
        if data is None:
            data = self._written[serializer] = write(self.value)
        return data


class Later:
    """Settled once, by whatever thread has the answer; told to whoever wants it, before or after. Safe for threads."""

    __slots__ = ("_abandon", "_lock", "_settled", "_tell", "error", "value")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._settled = False
        self._tell: list[Tell] = []
        self._abandon: Callable[[], None] | None = None
        self.value: Any = None
        self.error: TicTacToeError | None = None

    def answer(self, value: Any) -> None:
        """This is the answer."""
        self._settle(value, None)

    def fail(self, error: TicTacToeError) -> None:
        """There is none, but this error."""
        self._settle(None, error)

    def then(self, tell: Tell) -> None:
        """Call ``tell`` once it is settled, in the thread that settles it, or now."""
        with self._lock:
            if not self._settled:
                self._tell.append(tell)
                return
        tell(self.value, self.error)

    def wait(self) -> Any:
        """The answer, waited for; raises the error in its place."""
        self.wait_settled()
        if self.error is not None:
            raise self.error
        return self.value

    def wait_settled(self) -> None:
        """Wait until it is settled, and all have been told who wanted to be before."""
        there = threading.Lock()
        there.acquire()
        self.then(lambda _value, _error: there.release())
        about_to_wait()
        there.acquire()

    def on_abandon(self, act: Callable[[], None]) -> None:
        """Called when nobody wants the answer any more."""
        self._abandon = act

    def abandon(self) -> None:
        """Nobody wants the answer any more: its caller is gone."""
        if not self._settled and self._abandon is not None:
            self._abandon()

    @property
    def settled(self) -> bool:
        """Whether there is an answer, or an error in its place."""
        return self._settled

    def _settle(self, value: Any, error: TicTacToeError | None) -> None:
        with self._lock:
            self.value, self.error, self._settled = value, error, True
            tell, self._tell = self._tell, []
        for one in tell:
            try:
                one(value, error)
            except Exception:  # whoever settles it has nothing to do with that
                logger.exception("an answer that came later could not be told")


def now(answer: Any) -> Any:
    """The answer of a method that may answer later, waited for if need be; raises the error in its place."""
    return answer.wait() if isinstance(answer, Later) else answer
