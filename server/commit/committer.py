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
from typing import Any, NamedTuple

from game.errors import TicTacToeError
from server.commit.commit import Commit, Submission
from server.runtime.effects import Effects
from server.runtime.procedures import Host, Procedure
from wire.later import Later


class _QueuedProcedure(NamedTuple):
    """A procedure that waits for the commit lock. ``later`` is its result."""

    effects: Effects[Any]
    later: Later


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

        ``step_down`` is called once with the reason, when a commit or the receiver of an answer fails, and must end the
        process: the journal may have entries that were not published, and only a restart makes both agree again.
        ``on_committed`` is called with each batch after its answers, and its duration in seconds; it must not wait.
        """
        self._commit = commit
        self._host = host
        self._step_down = step_down
        self._on_committed = on_committed
        # In order of arrival. While the commit lock is free and ``_go_on`` does not run, this is empty.
        self._waiting: deque[Submission | _QueuedProcedure] = deque()
        self._holder: list[Submission] | _QueuedProcedure | None = None  # has the commit lock
        self._result: tuple[Any, TicTacToeError | None] | None = None  # of the holder, once it has ended
        self._began = 0.0  # when the present batch began
        self._is_going_on = False  # whether ``_go_on`` runs, further up the stack

    def submit(self, stream: str, command: Any) -> Later:
        """Apply a command. A request that was applied before gets its first answer.

        When the answer arrives, all events that it depends on are in the log. The ``Later`` fails with the command's
        Refusal, StorageFailed or Damaged; then nothing changed. After Fenced the outcome is unknown until the next
        term.
        """
        submission = Submission(stream, command)
        self._waiting.append(submission)
        self._go_on()
        return submission.later

    def locked(self, effects: Effects[Any]) -> Later:
        """Run a procedure with the commit lock held: the log does not grow meanwhile, except by the procedure itself.

        When it begins, every earlier commit has ended.
        """
        waiter = _QueuedProcedure(effects, Later())
        self._waiting.append(waiter)
        self._go_on()
        return waiter.later

    @property
    def waiting(self) -> int:
        """How many submissions wait for the lock or for their batch."""
        return len(self._waiting)

    def _go_on(self) -> None:
        """Pass on the result of the holder of the commit lock if it has ended, and give the lock to the next in line.

        All of this happens in one loop: callbacks that submit again must not run deeper and deeper in the stack.
        """
        if self._is_going_on:
            return
        self._is_going_on = True
        try:
            while True:
                result, self._result = self._result, None
                if result is not None:
                    self._pass_on(*result)
                    self._holder = None
                elif self._waiting and self._holder is None:
                    self._begin_next()
                else:
                    break
        except Exception as error:  # otherwise a caller of ``submit`` might catch it, and the process would go on
            self._step_down(f"a commit failed: {error!r}")
            raise
        finally:
            self._is_going_on = False

    def _begin_next(self) -> None:
        """Give the commit lock to the next in line: a procedure, or all commands that wait."""
        first = self._waiting[0]
        if isinstance(first, _QueuedProcedure):
            self._waiting.popleft()
            self._holder = first
            effects = first.effects
        else:
            batch = [waiter for waiter in self._waiting if isinstance(waiter, Submission)]
            self._waiting = deque(waiter for waiter in self._waiting if isinstance(waiter, _QueuedProcedure))
            self._holder = batch
            self._began = time.perf_counter()
            effects = self._failure_of(batch)
        Procedure(effects, self._host).begin().then(self._on_ended)

    def _on_ended(self, value: Any, error: TicTacToeError | None) -> None:
        self._result = value, error
        self._go_on()

    def _pass_on(self, value: Any, error: TicTacToeError | None) -> None:
        """Pass on the result of the holder. The lock stays taken meanwhile, and for good if this fails."""
        holder = self._holder
        if isinstance(holder, _QueuedProcedure):
            holder.later.settle(value, error)
        elif holder is not None:
            if value is not None:
                raise value
            took_s = time.perf_counter() - self._began
            for submission in holder:
                submission.later.settle(submission.answer, submission.error)
            self._on_committed(holder, took_s)

    def _failure_of(self, batch: Sequence[Submission]) -> Effects[Exception | None]:
        """Commit a batch. Return the exception if it fails, so that ``_go_on`` raises it."""
        try:
            yield from self._commit.run(batch)
        except Exception as failure:
            return failure
        return None
