"""The order of commits: which submissions share a batch, and which procedure has the commit lock next.

One procedure at a time has the commit lock: the commit of a batch, or another procedure that needs the log to stand
still. The others wait in order of arrival. When a batch is next, it takes all commands that wait by then (group commit,
DeWitt et al. 1984). So a lone command is committed at once, and under load one write and one message to the replica
serve many.

It runs on an event loop and in the simulation. Only the holder of the commit lock decides and writes.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from game.errors import TicTacToeError
from server.commit.commit import Commit, Submission
from server.runtime.effects import Effects
from server.runtime.procedures import Host, Procedure
from wire.later import Later


class QueuedSubmission(Submission):
    """A command in the queue. ``later`` is its answer."""

    __slots__ = ("later",)

    def __init__(self, stream: str, command: Any) -> None:
        super().__init__(stream, command)
        self.later = Later()

    def settle(self) -> None:
        """Settle ``later`` with the answer or the error."""
        if self.error is not None:
            self.later.fail(self.error)
        else:
            self.later.answer(self.answer)


class _QueuedProcedure:
    """A procedure that waits for the commit lock. ``later`` is its result."""

    __slots__ = ("effects", "later")

    def __init__(self, effects: Effects[Any]) -> None:
        self.effects = effects
        self.later = Later()


class Committer:
    """Commits commands on the primary."""

    def __init__(
        self,
        commit: Commit,
        host: Host,
        *,
        step_down: Callable[[str], None] = lambda _why: None,
        on_committed: Callable[[Sequence[Submission], float], None] = lambda _submissions, _took_s: None,
    ) -> None:
        """``host`` carries out the effects of commits.

        ``step_down`` is called with the reason when a commit fails, and must end the process: the journal may have
        entries that were not published, and only a restart makes both agree again. ``on_committed`` is called with each
        finished batch and its duration in seconds; it must not wait.
        """
        self._commit = commit
        self._host = host
        self._step_down = step_down
        self._on_committed = on_committed
        # In order of arrival. While the commit lock is free and nothing is being begun, this is empty.
        self._waiting: deque[QueuedSubmission | _QueuedProcedure] = deque()
        self._is_taken = False  # the commit lock
        self._is_beginning = False  # whether ``_go_on`` runs, further up the stack

    def submit(self, stream: str, command: Any) -> Later:
        """Apply a command. A request that was applied before gets its first answer.

        When the answer arrives, all events that it depends on are in the log. The ``Later`` fails with the command's
        Refusal, StorageFailed or Damaged; then nothing changed. After Fenced the outcome is unknown until the next
        term.
        """
        submission = QueuedSubmission(stream, command)
        self._waiting.append(submission)
        self._go_on()
        return submission.later

    def locked(self, effects: Effects[Any]) -> Later:
        """Run a procedure with the commit lock held: the log does not grow meanwhile, except by the procedure itself.

        When it begins, every earlier commit has ended.
        """
        waiter = _QueuedProcedure(effects)
        self._waiting.append(waiter)
        self._go_on()
        return waiter.later

    @property
    def waiting(self) -> int:
        """How many submissions wait for the lock or for their batch."""
        return len(self._waiting)

    def _go_on(self) -> None:
        """Give the commit lock to the next in line, while it is free."""
        if self._is_beginning:
            return
        self._is_beginning = True
        try:
            while self._waiting and not self._is_taken:
                self._is_taken = True
                first = self._waiting[0]
                if isinstance(first, _QueuedProcedure):
                    self._waiting.popleft()
                    self._run(first)
                else:
                    self._commit_waiting()
        finally:
            self._is_beginning = False

    def _run(self, waiter: _QueuedProcedure) -> None:
        def ended(value: Any, error: TicTacToeError | None) -> None:
            self._is_taken = False
            if error is None:
                waiter.later.answer(value)
            else:
                waiter.later.fail(error)
            self._go_on()

        Procedure(waiter.effects, self._host).begin().then(ended)

    def _commit_waiting(self) -> None:
        """Commit all commands that wait."""
        began = time.perf_counter()
        batch = [waiter for waiter in self._waiting if isinstance(waiter, QueuedSubmission)]
        procedures = [waiter for waiter in self._waiting if isinstance(waiter, _QueuedProcedure)]
        self._waiting = deque(procedures)

        def ended(_value: Any, error: TicTacToeError | None) -> None:
            if error is not None:
                self._fail(error)
            self._on_committed(batch, time.perf_counter() - began)
            for submission in batch:  # before the next commit: an answer waits for nobody
                submission.settle()
            self._is_taken = False
            self._go_on()

        try:
            Procedure(self._commit.run(batch), self._host).begin().then(ended)
        except Exception as error:  # otherwise a caller of ``submit`` would be told of it, and the process would go on
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._step_down(f"a commit failed: {error!r}")
        raise error
