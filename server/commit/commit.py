"""The commit of a batch, as a procedure: decide, own journal, replica, publish, and only then the answers.

This order defines "acknowledged", and only this file contains it. ``committer`` decides when a commit runs and which
commands are in its batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from game.context import Context
from game.errors import Refusal, TicTacToeError
from game.forms.records import Record
from server.log.archive_stream import AddRecord, segment_stream
from server.log.batch import Batch
from server.log.entries import Entry, StreamSummary
from server.log.journal.journal import Journal
from server.log.remembered_answers import RememberedAnswers, answer_of, error_of, outcome_of
from server.log.stream_kind import StreamKind
from server.log.streams import Streams
from server.rooms.room_store import RoomStore
from server.runtime.effects import Effects
from server.runtime.failpoints import Failpoints
from wire.errors import Damaged, Fenced, StorageFailed
from wire.later import Later


class Submission(Struct, eq=False):
    """A command on its way through the log, and its outcome: an answer or an error. If both are set, the error counts.

    ``later`` is settled with the outcome.
    """

    stream: str
    command: Any
    answer: Mapping[str, object] | None = None
    error: TicTacToeError | None = None
    later: Later = field(default_factory=Later)


class Commit:
    """Commits batches on the primary. The caller holds the commit lock."""

    def __init__(
        self,
        streams: Streams,
        store: RoomStore,
        journal: Journal,
        replicate: Callable[[Sequence[Entry]], Effects[bool]],
        faults: Failpoints,
        context: Callable[[], Context],
        *,
        epoch: int,
    ) -> None:
        """``replicate`` returns true once entries that are in the own journal are committed. It returns false if this
        server can never commit them.
        ``context`` returns the present context, in which all commands of a batch are decided.
        ``epoch`` is that of this primary's term.
        """
        self._streams = streams
        self._store = store
        self._journal = journal
        self._replicate = replicate
        self._faults = faults
        self._context = context
        self._epoch = epoch
        # Outcomes that no stream remembers; see ``remembered_answers``. A batch that cannot be written adds none.
        self._unchanged = RememberedAnswers()

    def run(self, submissions: Sequence[Submission]) -> Effects[None]:
        """Commit a batch. Each submission then has its answer or an error.

        After an error nothing has changed, except after Fenced: then it is open whether the command is in the log.
        """
        batch = Batch(self._context())
        for submission in submissions:
            self._apply(submission, batch)
        if batch.entries:
            try:
                yield from self._write(batch)
            except (StorageFailed, Fenced) as error:
                for submission in submissions:  # a refusal may depend on events of the batch, which may not be written
                    submission.answer, submission.error = None, error
                return
            self._store.publish(batch)
        self._unchanged.add(batch.unchanged)
        if batch.entries:
            self._faults.point("before_answer")

    def _apply(self, submission: Submission, batch: Batch) -> None:
        """Set the submission's answer or refusal. A duplicate of a request gets the same outcome as before."""
        kind = self._streams.kind_of(submission.stream)
        key = kind.request(submission.command)
        request = None if key is None else (submission.stream, key)
        known = None if request is None else self._unchanged.get(request) or batch.unchanged.get(request)
        if known is not None:
            submission.answer, submission.error = answer_of(known), error_of(known)
            return
        written = len(batch.entries)
        outcome: Mapping[str, object] | Refusal
        try:
            outcome = submission.answer = self._decide(kind, submission.stream, submission.command, batch)
        except Refusal as refusal:
            outcome = submission.error = refusal.with_traceback(None)  # without frames: they keep old states alive
        except Damaged as damaged:  # not remembered: a retry after the repair is applied
            submission.error = damaged.with_traceback(None)
            return
        if request is not None and len(batch.entries) == written:
            batch.unchanged[request] = outcome_of(outcome)

    def _decide(self, kind: StreamKind, stream: str, command: Any, batch: Batch) -> Mapping[str, object]:
        state = batch.states[stream] if stream in batch.states else self._store.state_of(stream)
        answer = None if self._faults.on("forget_request_ids") else kind.answered(state, command)
        if answer is None:
            first, events = state, kind.decide(state, command, batch.now)
            if events:
                batch.before.setdefault(stream, first)
            for event in events:
                before, state = state, self._add(stream, kind, state, event, batch)
                record = kind.record(before, event, state)
                if record is not None:
                    self._archive(record, batch)
            for request, earlier in kind.forgotten(first, state, events).items():
                batch.unchanged[(stream, request)] = outcome_of(earlier)
            answer = kind.answer(state, command)
        return answer

    def _add(self, stream: str, kind: StreamKind, state: Any, event: Any, batch: Batch) -> Any:
        """Add an event to the batch. Return the state after it."""
        state = batch.states[stream] = kind.evolve(state, event)
        position = self._journal.last.position + len(batch.entries) + 1
        body = kind.write_event(event)
        batch.entries.append(Entry(position, self._epoch, stream, state.version, body))
        batch.events.append(event)
        return state

    def _archive(self, record: Record, batch: Batch) -> None:
        """Add a record to the game archive in the same batch as its event: the log gets both or neither."""
        batch.records += 1
        number = self._store.states.records + batch.records
        stream = segment_stream(number)
        self._decide(self._streams.kind_of(stream), stream, AddRecord(number, record), batch)

    def _write(self, batch: Batch) -> Effects[None]:
        self._summarize(batch)
        self._faults.point("before_journal")
        self._journal.append(batch.entries, batch.summaries)
        self._faults.point("after_journal")
        if not (yield from self._replicate(batch.entries)):
            raise Fenced("this main server's term is over")

    def _summarize(self, batch: Batch) -> None:
        """Add the stream summaries that the batch changes, and some that the journal lacks."""
        ends = {entry.stream: entry.position for entry in batch.entries}
        for stream, state in batch.states.items():
            kind = self._streams.kind_of(stream)
            if kind.has_same_row(batch.before[stream], state):
                continue
            row = kind.row(state)
            if not self._store.is_listed_as(stream, row):
                batch.summaries.append(StreamSummary(stream, ends[stream], row))
        if unwritten := self._store.unwritten():
            end, changed = batch.entries[-1].position, {summary.stream for summary in batch.summaries}
            batch.summaries += [StreamSummary(stream, end, row) for stream, row in unwritten if stream not in changed]
