"""The commit lock of a simulated main server: the real queue and the real commit, without threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.commit.commit import Commit, Submission
from server.commit.commit_queue import CommitQueue
from server.runtime.effects import Effects
from simulator.cluster.servers.rpc import Fail, ProcedureRun, Process, Request, Then


class _QueuedCommand(Submission):
    """A command, and the callback for its result."""

    def __init__(self, stream: str, command: Any, done: Callable[[Submission], None]) -> None:
        super().__init__(stream, command)
        self.done = done


class _QueuedProcedure(Submission):
    """A procedure that must run while nothing is committed."""

    def __init__(self, effects: Effects[Any], then: Then, fail: Fail) -> None:
        super().__init__("", None)
        self.effects = effects
        self.then = then
        self.fail = fail


class SimulatedCommitLock:
    """Runs one procedure at a time: a batch of commands, or another procedure that excludes commits."""

    def __init__(self, process: Process, commit: Commit, *, timeout_s: float, committed: Callable[[], None]) -> None:
        """``committed`` is called after each batch, when all its requests are answered."""
        self._process = process
        self._commit = commit
        self._timeout_s = timeout_s
        self._committed = committed
        # At most one of its waiters runs at a time.
        self._queue: CommitQueue[_QueuedCommand | _QueuedProcedure] = CommitQueue()

    def submit_request(self, stream: str, command: Any, request: Request) -> None:
        """Submit a command to the next batch, and answer the request."""

        def done(submission: Submission) -> None:
            if submission.error is not None:
                self._process.refuse(request, submission.error)
            else:
                self._process.answer(request, dict(submission.answer or {}))

        self.submit(stream, command, done)

    def submit(self, stream: str, command: Any, done: Callable[[Submission], None]) -> None:
        """Submit a command of the servers to the next batch. ``done`` gets its result."""
        self._enqueue(_QueuedCommand(stream, command, done))

    def run(self, effects: Effects[Any], then: Then, fail: Fail) -> None:
        """Run a procedure while nothing is committed. ``then`` gets its result, ``fail`` its error."""
        self._enqueue(_QueuedProcedure(effects, then, fail))

    def _enqueue(self, waiter: _QueuedCommand | _QueuedProcedure) -> None:
        if self._queue.acquire(waiter):
            self._run_next(waiter)

    def _run_next(self, waiter: _QueuedCommand | _QueuedProcedure) -> None:
        if isinstance(waiter, _QueuedProcedure):
            self._run(waiter.effects, waiter.then, waiter.fail)
        else:
            batch = [queued for queued in self._queue.batch() if isinstance(queued, _QueuedCommand)]
            self._run(self._commit.run(batch), lambda _: self._answer(batch), None)

    def _run(self, effects: Effects[Any], then: Then, fail: Fail | None) -> None:
        def over(go_on: Callable[[], None]) -> None:
            following = self._queue.release()
            go_on()
            if following is not None:
                self._run_next(following)

        ProcedureRun(
            self._process,
            effects,
            lambda value: over(lambda: then(value)),
            None if fail is None else lambda error: over(lambda: fail(error)),
            timeout_s=self._timeout_s,
        ).begin()

    def _answer(self, batch: list[_QueuedCommand]) -> None:
        for queued in batch:
            queued.done(queued)
        self._committed()
