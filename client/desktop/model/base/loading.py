"""Something that is asked of the servers for a page: asked again until it is answered, and the last question counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from client.desktop.model.base.background import Background, Task, until_answered
from client.desktop.model.base.words import sentence
from wire.errors import TicTacToeError

Value = TypeVar("Value")


class Loading(Generic[Value]):
    """What was answered last, and how it stands with the question after it."""

    def __init__(self, background: Background) -> None:
        self.value: Value | None = None
        self.message = ""
        """Why there is none, or that it is on its way."""
        self._background = background
        self._task: Task | None = None

    def ask(self, question: Callable[[], Value], *, joined: Callable[[Value], Value] = lambda new: new) -> None:
        """Ask that; what was asked before is not wanted any more. ``joined`` makes of the answer what is kept."""
        self.stop()
        self.message = "Asking …"

        def then(answer: Value) -> None:
            self.value, self.message = joined(answer), ""

        def failed(error: TicTacToeError) -> None:
            self.message = sentence(error.message)

        self._task = self._background.do(lambda stop: until_answered(question, stop), then, failed)

    def stop(self) -> None:
        """Want nothing more of it."""
        if self._task is not None:
            self._task.stop()
