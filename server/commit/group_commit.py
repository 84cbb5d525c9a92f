"""Group commit: the threads around ``commit_queue``, which decides which commands are committed together.

Any number of threads call ``submit``. If the commit lock is free, the calling thread takes it and commits its own
command. So a single command needs no hand-off to another thread. If the lock is taken, the command waits but its thread
does not. A dedicated thread commits all waiting commands in one batch and answers them. Under load, one write and one
message to the replica serve many commands, and no thread wakes up for a single command.

Only the holder of the commit lock decides and writes.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from game.errors import InvariantBroken, TicTacToeError, check
from server.commit.commit import Commit, Submission
from server.commit.commit_queue import CommitQueue
from server.runtime.effects import Effects
from wire.later import Later
from wire.waiting import about_to_wait


class QueuedSubmission(Submission):
    """A submission in the queue. Without a stream it only needs the commit lock."""

    __slots__ = ("later", "lock_granted")

    def __init__(self, stream: str, command: Any) -> None:
        super().__init__(stream, command)
        # ``later`` is set for a command that another thread commits, ``lock_granted`` for a submission that waits for
        # the lock. Never both.
        self.later: Later | None = None
        self.lock_granted: threading.Event | None = None

    def settle_later(self) -> None:
        """Settle ``later`` with the answer or the error."""
        if self.later is None:
            return
        if self.error is not None:
            self.later.fail(self.error)
        else:
            self.later.answer(self.answer)


class Committer:
    """Commits commands on the primary."""

    def __init__(
        self,
        commit: Commit,
        run: Callable[[Effects[None]], None],
        *,
        step_down: Callable[[str], None],
        on_committed: Callable[[Sequence[Submission], float], None] = lambda _submissions, _took_s: None,
    ) -> None:
        """Start the thread that commits waiting commands.

        ``run`` (on a server: ``ReplicaConnection.run``) runs a procedure to its end, and is called for one at a time.
        ``step_down`` is called with the reason when a commit fails. ``on_committed`` is called with each finished batch
        and its duration in seconds; it must not wait.
        """
        self._commit = commit
        self._run = run
        self._step_down = step_down
        self._on_committed = on_committed
        # Protects ``_queue``. It is never held during a commit.
        self._lock = threading.Lock()
        self._queue: CommitQueue[QueuedSubmission] = CommitQueue()
        self._handed_on = threading.Semaphore(0)
        threading.Thread(target=self._commit_for_others, name="commit", daemon=True).start()

    def submit(self, stream: str, command: Any) -> Mapping[str, object] | Later:
        """Apply a command and return its answer. A request that was applied before gets its first answer.

        If the commit lock is taken, return a ``Later`` for the answer. When the answer arrives, all events that it
        depends on are in the log.

        Raises, or fails the ``Later`` with, the command's Refusal, StorageFailed or Damaged; then nothing changed.
        After Fenced the outcome is unknown until the next term.
        """
        submission = QueuedSubmission(stream, command)
        with self._lock:
            if not self._queue.acquire(submission):
                submission.later = Later()
                return submission.later
        self._commit_waiting()
        if submission.error is not None:
            raise submission.error
        if submission.answer is None:
            raise InvariantBroken("a committed submission has an answer or an error")
        return submission.answer

    @contextlib.contextmanager
    def commit_lock(self) -> Iterator[None]:
        """Hold the commit lock without a commit. The log does not grow inside.

        When the lock is obtained, every earlier commit has ended.
        """
        submission = QueuedSubmission("", None)
        with self._lock:
            if not self._queue.acquire(submission):
                submission.lock_granted = threading.Event()
        if submission.lock_granted is not None:
            about_to_wait()
            submission.lock_granted.wait()
        try:
            yield
        finally:
            self._release()

    @property
    def waiting(self) -> int:
        """How many submissions wait for the lock or for their batch."""
        return len(self._queue)

    def _commit_for_others(self) -> None:
        while True:
            self._handed_on.acquire()
            self._commit_waiting()

    def _commit_waiting(self) -> None:
        """Commit all waiting commands. The caller holds the commit lock; it is passed on at the end."""
        began = time.perf_counter()
        with self._lock:
            batch = self._queue.batch()
        try:
            self._run(self._commit.run(batch))
            self._on_committed(batch, time.perf_counter() - began)
        except BaseException as error:
            # The journal may have entries that were not published. Only a restart makes both agree again.
            self._step_down(f"a commit failed: {error!r}")
            for submission in batch:
                submission.error = submission.error or _failed(error)
            raise
        finally:
            self._release()
            for submission in batch:
                submission.settle_later()

    def _release(self) -> None:
        """Release the commit lock and wake up its next holder."""
        with self._lock:
            following = self._queue.release()
        if following is not None and following.lock_granted is not None:
            following.lock_granted.set()
        elif following is not None:
            check(bool(following.stream), "a submission without a command waits for the commit lock")
            self._handed_on.release()


def _failed(error: BaseException) -> TicTacToeError:
    return error if isinstance(error, TicTacToeError) else InvariantBroken("a commit failed")
