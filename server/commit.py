"""Group commit: the one place where commands become entries of the log.

Any number of threads call ``submit``. The first of them takes the turn and carries the commands of all who wait by
then through together: decide, own journal, replica, publish; the others wait for it. So a lone command pays no
hand-off to another thread, and under load one write and one message to the replica serve many (DeWitt et al. 1984).

Only whoever has the turn decides and writes.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from game.errors import InvariantBroken, Refusal, check
from server.entries import Entry
from server.faults import Faults
from server.journal import Journal
from server.streams import Streams
from wire.errors import Fenced, StorageFailed


class Ticket:
    """One command on its way through the log."""

    __slots__ = ("answer", "command", "done", "error", "stream", "turn")

    def __init__(self, stream: str, command: Any) -> None:
        self.stream = stream
        self.command = command
        self.answer: Mapping[str, object] | None = None
        self.error: Exception | None = None
        self.done = False
        self.turn: threading.Event | None = None


class ReplicationPort(Protocol):
    """What the commit path needs of replication."""

    @property
    def epoch(self) -> int:
        """The epoch of this term of office."""

    def carry(self, entries: Sequence[Entry]) -> bool:
        """Wait until entries that the own journal has are committed. False: they never will be, by this server."""


class States(Protocol):
    """The states of all streams, as last published."""

    def state_of(self, stream: str) -> Any:
        """The published state of a stream."""

    def publish(self, states: Mapping[str, Any], entries: Sequence[Entry], events: Sequence[Any]) -> None:
        """Make committed entries visible to everybody. Must not fail and must not wait."""


class Committer:
    """Carries commands through the log of the main server in office."""

    def __init__(
        self,
        streams: Streams,
        states: States,
        journal: Journal,
        replication: ReplicationPort,
        *,
        faults: Faults,
        step_down: Callable[[str], None],
    ) -> None:
        self._streams = streams
        self._states = states
        self._journal = journal
        self._replication = replication
        self._faults = faults
        self._step_down = step_down
        self._lock = threading.Lock()
        self._waiting: list[Ticket] = []
        self._taken = False

    def submit(self, stream: str, command: Any) -> Mapping[str, object]:
        """Carry out a command and return its answer; for a request that was carried out before, its first answer.

        When it returns, everything the answer speaks of is in the log. Raises the Refusal of the command, or
        StorageFailed, or Fenced; then nothing was changed.
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
        return len(self._waiting)

    def _queue(self, ticket: Ticket) -> bool:
        """Line up; true when the caller has the turn, false when another has carried its ticket out."""
        with self._lock:
            if not self._taken:
                self._taken = True
                if ticket.stream:
                    self._waiting.append(ticket)
                return True
            ticket.turn = threading.Event()
            self._waiting.append(ticket)
        ticket.turn.wait()
        return not ticket.done

    def _carry_out(self) -> None:
        with self._lock:
            batch = [ticket for ticket in self._waiting if ticket.stream]
            self._waiting = [ticket for ticket in self._waiting if not ticket.stream]
        try:
            self._commit(batch)
        except BaseException as error:
            # The journal may have what nobody published: only a new start puts that right.
            self._step_down(f"a commit failed: {error!r}")
            raise
        finally:
            self._pass_on(batch)

    def _pass_on(self, finished: Sequence[Ticket]) -> None:
        """End the turn: wake those whose tickets are done, and who is next."""
        with self._lock:
            following = self._waiting[0] if self._waiting else None
            if following is not None and not following.stream:
                self._waiting.pop(0)
            self._taken = following is not None
        for ticket in finished:
            ticket.done = True
            if ticket.turn is not None:
                ticket.turn.set()
        if following is not None and following.turn is not None:
            following.turn.set()

    def _commit(self, batch: Sequence[Ticket]) -> None:
        """Decide each command on the state that those before it in the batch leave, then write, then publish."""
        states: dict[str, Any] = {}
        entries: list[Entry] = []
        events: list[Any] = []
        for ticket in batch:
            try:
                self._decide(ticket, states, entries, events)
            except Refusal as refusal:
                ticket.error = refusal
        if not entries:
            return
        try:
            self._write(entries)
        except (StorageFailed, Fenced) as error:
            for ticket in batch:
                ticket.answer, ticket.error = None, ticket.error or error
            return
        self._states.publish(states, entries, events)
        self._faults.point("before_answer")

    def _decide(self, ticket: Ticket, states: dict[str, Any], entries: list[Entry], events: list[Any]) -> None:
        stream, command = ticket.stream, ticket.command
        kind = self._streams.kind_of(stream)
        state = states[stream] if stream in states else self._states.state_of(stream)
        answer = None if self._faults.on("forget_request_ids") else kind.answered(state, command)
        if answer is None:
            decided = kind.decide(state, command)
            position, epoch = self._journal.last.position + len(entries), self._replication.epoch
            for event in decided:
                position += 1
                state = kind.evolve(state, event)
                entries.append(Entry(position, epoch, stream, state.version, kind.write_event(event)))
                events.append(event)
            if decided:
                states[stream] = state
            answer = kind.answer(state, command)
        ticket.answer = answer

    def _write(self, entries: list[Entry]) -> None:
        self._faults.point("before_journal")
        self._journal.append(entries)
        self._faults.point("after_journal")
        if not self._replication.carry(entries):
            raise Fenced("this main server's term is over")
