"""Group commit: the threads around ``turns``, which says whose commands are committed together.

Any number of threads call ``submit``. The first of them takes the turn and carries the commands of all who wait by
then through together (see ``commit``); the others wait for it. So a lone command pays no hand-off to another thread,
and under load one write and one message to the replica serve many.

Only whoever has the turn decides and writes.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from game.errors import InvariantBroken, check
from server.commit import Commit, Order
from server.conversation import Conversation
from server.turns import Turns


class Ticket(Order):
    """An order of a thread that waits for it; without a stream it only wants the turn."""

    __slots__ = ("done", "turn")

    def __init__(self, stream: str, command: Any) -> None:
        super().__init__(stream, command)
        self.done = False
        self.turn: threading.Event | None = None


class Committer:
    """Carries commands through the log of the main server in office."""

    def __init__(
        self, commit: Commit, hold: Callable[[Conversation[None]], None], *, step_down: Callable[[str], None]
    ) -> None:
        """``hold`` holds a conversation to its end; one at a time comes from here."""
        self._commit = commit
        self._hold = hold
        self._step_down = step_down
        self._lock = threading.Lock()
        self._turns: Turns[Ticket] = Turns()

    def submit(self, stream: str, command: Any) -> Mapping[str, object]:
        """Carry out a command and return its answer; for a request that was carried out before, its first answer.

        When it returns, everything the answer speaks of is in the log. Raises the Refusal of the command, or
        StorageFailed; then nothing was changed. After Fenced it is the next term that knows.
        """
        ticket = Ticket(stream, command)
        if self._queue(ticket):
            self._carry_out()
        if ticket.error is not None:
            raise ticket.error
        answer = ticket.answer
        if answer is None:
            raise InvariantBroken("a ticket that is done has an answer or an error")
        return answer

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Have the turn and commit nothing: while inside, the log does not grow.

        Also the proof of life: it comes only if the commits before it came to their end.
        """
        ticket = Ticket("", None)
        check(self._queue(ticket), "nobody else can carry out a turn")
        try:
            yield
        finally:
            self._pass_on([ticket])

    @property
    def waiting(self) -> int:
        """How many wait for the turn, or for somebody to carry their command through."""
        return len(self._turns)

    def _queue(self, ticket: Ticket) -> bool:
        """Line up; true when the caller has the turn, false when another has carried its ticket out."""
        with self._lock:
            if self._turns.come(ticket):
                return True
            ticket.turn = threading.Event()
        ticket.turn.wait()
        return not ticket.done

    def _carry_out(self) -> None:
        with self._lock:
            batch = self._turns.batch()
        try:
            self._hold(self._commit.batch(batch))
        except BaseException as error:
            # The journal may have what nobody published: only a new start puts that right.
            self._step_down(f"a commit failed: {error!r}")
            raise
        finally:
            self._pass_on(batch)

    def _pass_on(self, finished: Sequence[Ticket]) -> None:
        """End the turn: wake those whose tickets are done, and who is next."""
        with self._lock:
            following = self._turns.pass_on()
        for ticket in finished:
            ticket.done = True
            if ticket.turn is not None:
                ticket.turn.set()
        if following is not None and following.turn is not None:
            following.turn.set()
