"""Group commit: the threads around ``commit_queue``, which says whose commands are committed together.

Any number of threads call ``submit``. One that finds nobody committing takes the turn and carries its command through
itself: a lone command pays no hand-off to another thread. Of those that come meanwhile the commands wait, and not the
threads: one that is there for nothing else carries them through, all that wait in one batch, and answers them. So under
load one write and one message to the replica serve many, and no thread is woken for a command.

Only whoever has the turn decides and writes.
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
from server.runtime.effects import Conversation
from wire.later import Later
from wire.waiting import about_to_wait


class QueuedSubmission(Submission):
    """An order in the line; without a stream it only wants the turn."""

    __slots__ = ("later", "turn")

    def __init__(self, stream: str, command: Any) -> None:
        super().__init__(stream, command)
        self.later: Later | None = None
        self.turn: threading.Event | None = None

    def settle(self) -> None:
        """Tell whoever waits for it what came of it."""
        if self.later is None:
            return
        if self.error is not None:
            self.later.fail(self.error)
        else:
            self.later.answer(self.answer)


class Committer:
    """Carries commands through the log of the main server in office."""

    def __init__(
        self,
        commit: Commit,
        hold: Callable[[Conversation[None]], None],
        *,
        step_down: Callable[[str], None],
        carried_out: Callable[[Sequence[Submission], float], None] = lambda _orders, _took_s: None,
    ) -> None:
        """``hold`` holds a conversation to its end; one at a time comes from here. ``carried_out`` is told of each
        batch that is through, and how many seconds that took; it must not wait.
        """
        self._commit = commit
        self._hold = hold
        self._step_down = step_down
        self._carried_out = carried_out
        self._lock = threading.Lock()
        self._turns: CommitQueue[QueuedSubmission] = CommitQueue()
        self._handed_on = threading.Semaphore(0)
        threading.Thread(target=self._carry_out_for_others, name="commit", daemon=True).start()

    def submit(self, stream: str, command: Any) -> Mapping[str, object] | Later:
        """Carry out a command: its answer; for a request that was carried out before, its first answer. While others
        are committed, what will be the answer.

        With the answer, everything it speaks of is in the log. Raises, or fails with, the Refusal of the command, or
        StorageFailed; then nothing was changed. After Fenced it is the next term that knows.
        """
        ticket = QueuedSubmission(stream, command)
        with self._lock:
            if not self._turns.come(ticket):
                ticket.later = Later()
                return ticket.later
        self._carry_out()
        if ticket.error is not None:
            raise ticket.error
        if ticket.answer is None:
            raise InvariantBroken("an order that is carried out has an answer or an error")
        return ticket.answer

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Have the turn and commit nothing: while inside, the log does not grow.

        Also the proof of life: it comes only if the commits before it came to their end.
        """
        ticket = QueuedSubmission("", None)
        with self._lock:
            if not self._turns.come(ticket):
                ticket.turn = threading.Event()
        if ticket.turn is not None:
            about_to_wait()
            ticket.turn.wait()
        try:
            yield
        finally:
            self._pass_on()

    @property
    def waiting(self) -> int:
        """How many wait for the turn, or for somebody to carry their command through."""
        return len(self._turns)

    def _carry_out_for_others(self) -> None:
        while True:
            self._handed_on.acquire()
            self._carry_out()

    def _carry_out(self) -> None:
        """Commit all that waits. The turn is had, and passed on in the end."""
        began = time.perf_counter()
        with self._lock:
            batch = self._turns.batch()
        try:
            self._hold(self._commit.batch(batch))
            self._carried_out(batch, time.perf_counter() - began)
        except BaseException as error:
            # The journal may have what nobody published: only a new start puts that right.
            self._step_down(f"a commit failed: {error!r}")
            for ticket in batch:
                ticket.error = ticket.error or _failed(error)
            raise
        finally:
            self._pass_on()
            for ticket in batch:
                ticket.settle()

    def _pass_on(self) -> None:
        """End the turn, and see to it that whoever is next has it."""
        with self._lock:
            following = self._turns.pass_on()
        if following is not None and following.turn is not None:
            following.turn.set()
        elif following is not None:
            check(bool(following.stream), "who waits without a command waits for the turn")
            self._handed_on.release()


def _failed(error: BaseException) -> TicTacToeError:
    return error if isinstance(error, TicTacToeError) else InvariantBroken("a commit failed")
