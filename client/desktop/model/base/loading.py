"""A value that a page requests from the servers. A request is retried until answered, and the latest request wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from client.desktop.model.base.background import Background, Task
from client.texts.phrases import LOADING, sentence
from wire.errors import TicTacToeError

Value = TypeVar("Value")


class Loading(Generic[Value]):
    """The latest answer, and the state of the request after it."""

    def __init__(self, background: Background) -> None:
        self.value: Value | None = None
        self.message = ""
        """Why there is no answer, or that the request is in progress."""
        self._background = background
        self._task = Task()

    def load(self, request: Callable[[], Value], *, merge: Callable[[Value], Value] = lambda new: new) -> None:
        """Request a value, and drop the earlier request. ``merge`` makes the stored value from the answer."""
        self.stop()
        self.message = LOADING

        def then(answer: Value) -> None:
            self.value, self.message = merge(answer), ""

        def failed(error: TicTacToeError) -> None:
            self.message = sentence(error.message)

        self._task = self._background.call(request, then, failed)

    def stop(self) -> None:
        """Stop the background work."""
        self._task.stop()
