"""Compaction: store a stream's state as a snapshot and delete the entries before it.

Without it a journal would grow with every move. The main server and the replication server each compact their own
journal with this code, independently. New entries are counted, so no search is needed to find the streams that are due.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import structlog

from game.errors import TicTacToeError
from server.log.entries import Entry, Snapshot
from server.log.journal.journal import Journal
from server.log.streams import Streams
from server.runtime.effects import Blocking, Effects
from server.runtime.retries import Retries
from wire.errors import Damaged

COMPACTION_PAUSE_S = 0.5
AT_ONCE = 20
"""Streams in one transaction. A commit waits for at most so many snapshots."""
MOST_UNCOUNTED = 10_000
"""The most appends that are not counted yet. The next one counts them all at once, so their memory is bounded."""

Result = TypeVar("Result")

logger = structlog.get_logger()


class Compactor:
    """Makes a snapshot of every stream that has ``every`` entries since its last snapshot. Runs in its own thread."""

    def __init__(
        self,
        journal: Journal,
        streams: Streams,
        *,
        every: int,
        keep_events: int,
        upto: Callable[[], int],
        in_memory: Callable[[str], Any] = lambda _stream: None,
    ) -> None:
        """Prepare the compaction of one journal.

        ``upto`` returns the position up to which entries are committed; no snapshot includes a later entry.
        ``in_memory`` returns the committed state of a stream, or None. On None the state is made from the journal.
        """
        self._journal = journal
        self._upto = upto
        self._in_memory = in_memory
        self._streams = streams
        self._every = every
        self._keep_events = keep_events
        self.retries = Retries("snapshots not written")
        # Protects ``_counted``, ``_tails`` and ``_due``.
        self._lock = threading.Lock()
        self.paused = threading.Lock()
        """Held while snapshots are made and stored. While another holds it, none is made."""
        # What each append wrote, until it is counted in the thread of the compaction: a command waits for its append.
        self._uncounted: deque[Sequence[Entry]] = deque()
        self._counted = False
        # Entries since the last snapshot, by stream. ``_due`` has the streams to compact next, and none that keeps its
        # events.
        self._tails: dict[str, int] = {}
        self._due: set[str] = set()

    def count_entries(self, entries: Sequence[Entry]) -> None:
        """Count entries that were written, before the next snapshots are made. They must not change any more."""
        self._uncounted.append(entries)
        if len(self._uncounted) > MOST_UNCOUNTED:
            with self._lock:
                self._count()

    def _count(self) -> None:
        """Count what waits for that. The caller holds the lock."""
        while self._uncounted:
            for entry in self._uncounted.popleft():
                length = self._tails[entry.stream] = self._tails.get(entry.stream, 0) + 1
                if length >= self._every and not self._streams.kind_of(entry.stream).keeps_events:
                    self._due.add(entry.stream)

    def forgotten(self, streams: Iterable[str]) -> None:
        """Stop counting streams that were deleted."""
        with self._lock:
            self._count()
            for stream in streams:
                self._tails.pop(stream, None)
                self._due.discard(stream)

    def recount(self) -> None:
        """Count all entries again after the whole journal was replaced."""
        self._uncounted.clear()
        tails = self._journal.tail_lengths()
        with self._lock:
            self._tails = tails
            self._due = {
                stream
                for stream, length in tails.items()
                if length >= self._every and not self._streams.kind_of(stream).keeps_events
            }
            self._counted = True

    def compact(self) -> None:
        """Make the snapshots of all due streams."""
        while self.compact_some():
            pass

    def while_paused(self, effects: Effects[Result]) -> Effects[Result]:
        """Run a procedure while no snapshot is made."""
        yield Blocking(self.paused.acquire)  # may wait for snapshots that are being stored
        try:
            return (yield from effects)
        finally:
            self.paused.release()

    def compact_some(self) -> bool:
        """Make the snapshots of at most ``AT_ONCE`` due streams.

        Return false if no stream was due, or if ``paused`` is held.
        """
        if not self._counted:
            self.recount()
        with self._lock:
            self._count()
            chosen = sorted(self._due)[:AT_ONCE]
        if not self.paused.acquire(blocking=False):
            return False
        try:
            snapshots = [snapshot for stream in chosen if (snapshot := self._snapshot_or_none(stream)) is not None]
            if snapshots:
                self._journal.put_snapshots(snapshots, keep_events=self._keep_events)
        finally:
            self.paused.release()
        with self._lock:
            self._due.difference_update(chosen)
            for snapshot in snapshots:
                if snapshot.stream in self._tails:  # otherwise it was forgotten meanwhile
                    self._tails[snapshot.stream] = max(0, self._tails[snapshot.stream] - self._every)
        return bool(chosen)

    def _snapshot_or_none(self, stream: str) -> Snapshot | None:
        """Return the snapshot of a stream, or None if it cannot be made.

        A stream with unreadable events has no snapshot. Ending the process would not help: it would end again after
        each start. Keeping the events as they are loses nothing.
        """
        try:
            return self._snapshot(stream)
        except Damaged:  # the journal has logged it; the stream is due again when it has grown
            return None
        except TicTacToeError:
            logger.exception("stream not compacted", stream=stream)
            return None

    def _snapshot(self, stream: str) -> Snapshot | None:
        state = self._in_memory(stream)
        if state is not None:
            log_id = self._journal.log_id_of(stream, state.version)
            body = self._streams.kind_of(stream).write_state(state)
            return None if log_id is None else Snapshot(log_id.position, log_id.epoch, stream, state.version, body)
        copy = self._journal.copy(stream, whole=False).up_to(self._upto())
        if not copy.entries or copy.has_gap:
            return None
        last = copy.entries[-1]
        body = self._streams.kind_of(stream).write_state(self._streams.state_of(copy))
        return Snapshot(last.position, last.epoch, stream, last.version, body)
