"""One command at a time, asked with the same request id until it is answered; and what was refused, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from client.desktop.model.base.background import Background, Task, until_answered
from client.desktop.model.base.connection_state import Link
from client.desktop.model.base.words import refusal
from client.room import new_request_id
from game.rooms.dedup import Answer
from wire.errors import TicTacToeError


@dataclass(frozen=True)
class Pending:
    """A command that has no answer yet, or whose effect is not in the view yet; ``cell`` if it is a move."""

    what: str
    cell: int | None = None
    version: int | None = None


class PendingCommand:
    """What one asks of a room. While one command is under way, further ones are not even sent."""

    def __init__(
        self,
        background: Background,
        link: Link,
        clock: Callable[[], float],
        *,
        answered: Callable[[], None],
        gone: Callable[[TicTacToeError], bool],
    ) -> None:
        """``answered`` is called when a command has its answer; ``gone`` with every refusal, and says whether it was
        the end of the room.
        """
        self.pending: Pending | None = None
        self.notice = ""
        """What was refused, until one does something else."""
        self.outcome = ""
        """What became of an offer of one's own, until one does something else."""
        self.asks_to_resign = False
        self._background = background
        self._link = link
        self._clock = clock
        self._answered = answered
        self._gone = gone
        self._command: Task | None = None

    def ask(
        self,
        what: str,
        call: Callable[[str], Answer],
        *,
        cell: int | None = None,
        on_answer: Callable[[], None] = lambda: None,
        on_refusal: Callable[[], None] = lambda: None,
    ) -> None:
        """Ask that, if nothing is under way. ``call`` makes the call with the request id it is given."""
        if self.pending is not None:
            return
        self.pending = Pending(what, cell)
        self.notice = self.outcome = ""
        self.asks_to_resign = False
        self._link.lost("command", self._clock())
        request_id = new_request_id()

        def then(answer: Answer) -> None:
            self._link.answered("command", self._clock())
            self.pending = Pending(what, cell, answer.version)
            self._answered()
            on_answer()

        def failed(error: TicTacToeError) -> None:
            self._link.answered("command", self._clock())
            self.pending = None
            if not self._gone(error):
                self.notice = refusal(error)
                on_refusal()

        self._command = self._background.do(lambda stop: until_answered(lambda: call(request_id), stop), then, failed)

    def settle(self, version: int | None) -> None:
        """The view is of that version: a command whose effect is in it is under way no more."""
        pending = self.pending
        if pending is None or pending.version is None:
            return
        if pending.what == "join" or (version is not None and version >= pending.version):
            self.pending = None

    def stop(self) -> None:
        """Want nothing more of it."""
        if self._command is not None:
            self._command.stop()
