"""A command at a time, retried with the same request id until it is answered; and the text of a refusal."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from client.desktop.model.base.background import Background, Task
from client.desktop.model.base.connection_state import Link
from client.room import new_request_id
from client.texts.phrases import refusal
from game.rooms.remembered_requests import CommandAnswer
from wire.errors import TicTacToeError


@dataclass(frozen=True)
class Pending:
    """A command without an answer, or with its effect not in the view yet. ``cell`` is set for a move."""

    cell: int | None
    version: int | None = None


class PendingCommand:
    """The user's pending command in a room. While it is pending, further commands are not sent."""

    def __init__(
        self,
        background: Background,
        link: Link,
        *,
        gone: Callable[[TicTacToeError], bool],
    ) -> None:
        """``gone`` is called with every error that ends a command. It returns whether the room is over for the user."""
        # ``send`` sets it. It becomes None when the view shows the effect, and after a refusal. Its ``version`` is None
        # until the command is answered.
        self.pending: Pending | None = None
        self.notice = ""
        """The text of the last refusal, until the next command."""
        self.outcome = ""
        """The result of the user's last offer, until the next command."""
        self.confirming_resign = False
        self._background = background
        self._link = link
        self._gone = gone
        # The version of the latest view; None before the first.
        self._seen: int | None = None
        self._task = Task()

    def send(
        self,
        call: Callable[..., CommandAnswer],
        *arguments: object,
        cell: int | None = None,
        on_answer: Callable[[], None] = lambda: None,
        on_refusal: Callable[[], None] = lambda: None,
    ) -> None:
        """Send a command, if none is pending. ``call``: a method of ``RoomClient``, called with ``arguments``."""
        if self.pending is not None:
            return
        self.pending = Pending(cell)
        self.notice = self.outcome = ""
        self.confirming_resign = False
        self._link.unanswered("command", time.monotonic())
        request_id = new_request_id()

        def then(answer: CommandAnswer) -> None:
            self._link.answered("command", time.monotonic())
            self.pending = Pending(cell, answer.version)
            self.update(self._seen)
            on_answer()

        def failed(error: TicTacToeError) -> None:
            self._link.answered("command", time.monotonic())
            self.pending = None
            if not self._gone(error):
                self.notice = refusal(error)
                on_refusal()

        self._task = self._background.call(lambda: call(*arguments, request_id=request_id), then, failed)

    def update(self, version: int | None) -> None:
        """Take in the view's version. A command with its effect in the view is pending no more."""
        self._seen, pending = version, self.pending
        if pending and pending.version is not None and version is not None and version >= pending.version:
            self.pending = None

    def stop(self) -> None:
        """Stop the background work."""
        self._task.stop()
