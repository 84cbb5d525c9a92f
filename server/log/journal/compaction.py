"""Snapshots: a stream's state in place of the entries before it, so that a journal does not grow with every move.

The main server and the replication server each compact their own journal, with the same code and independent of one
another. What makes a stream due is counted here as entries are written, so that nobody has to search for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

import structlog

from game.errors import TicTacToeError
from server.log.entries import Entry, Snapshot
from server.log.journal.journal import Journal
from server.log.streams import Streams
from server.runtime.retries import Retries
from wire.errors import Damaged, StorageFailed

PAUSE_S = 0.5
AT_ONCE = 20
"""Streams a transaction: a commit waits for at most that many snapshots."""

logger = structlog.get_logger()


class Compactor:
    """Takes a snapshot of every stream that has ``every`` entries since its last one, in a thread of its own."""

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
        """``upto`` gives the position up to which entries are committed: no snapshot has more. ``in_memory`` gives the
        committed state of a stream, or None where that is not at hand and has to be made from the journal.
        """
        self._journal = journal
        self._upto = upto
        self._in_memory = in_memory
        self._streams = streams
        self._every = every
        self._keep_events = keep_events
        self.retries = Retries("no snapshot can be written")
        self._lock = threading.Lock()
        self._still = threading.Lock()
        self._counted = False
        self._tails: dict[str, int] = {}
        self._due: set[str] = set()

    def noticed(self, entries: Iterable[Entry]) -> None:
        """These entries were written."""
        with self._lock:
            for entry in entries:
                length = self._tails[entry.stream] = self._tails.get(entry.stream, 0) + 1
                if length >= self._every and not self._streams.kind_of(entry.stream).keeps_events:
                    self._due.add(entry.stream)

    def forgotten(self, streams: Iterable[str]) -> None:
        """These streams are no more."""
        with self._lock:
            for stream in streams:
                self._tails.pop(stream, None)
                self._due.discard(stream)

    def recount(self) -> None:
        """Count anew what is due: the whole journal was replaced."""
        tails = self._journal.tail_lengths()
        with self._lock:
            self._tails = tails
            self._due = {
                stream
                for stream, length in tails.items()
                if length >= self._every and not self._streams.kind_of(stream).keeps_events
            }
            self._counted = True

    def run(self, go_on: Callable[[], bool], pause: Callable[[float], None]) -> None:
        """Compact what is due, every now and then, until ``go_on()`` is false."""
        while go_on():
            pause(PAUSE_S)  # first of all: there may be a takeover to get over with
            try:
                while self.compact_some():
                    pass
            except StorageFailed as error:
                self.retries.failed(error)
            else:
                self.retries.succeeded()

    def standing_still(self) -> AbstractContextManager[bool]:
        """While inside, no snapshot is taken."""
        return self._still

    def compact_some(self) -> bool:
        """Take the snapshots of at most AT_ONCE due streams; false if none was due, or if none may be taken now."""
        if not self._counted:
            self.recount()
        with self._lock:
            chosen = sorted(self._due)[:AT_ONCE]
        if not self._still.acquire(blocking=False):
            return False
        try:
            snapshots = [snapshot for stream in chosen if (snapshot := self._snapshot_or_none(stream)) is not None]
            if snapshots:
                self._journal.put_snapshots(snapshots, keep_events=self._keep_events)
        finally:
            self._still.release()
        with self._lock:
            self._due.difference_update(chosen)
            for snapshot in snapshots:
                if snapshot.stream in self._tails:  # else it was forgotten meanwhile
                    self._tails[snapshot.stream] = max(0, self._tails[snapshot.stream] - self._every)
        return bool(chosen)

    def _snapshot_or_none(self, stream: str) -> Snapshot | None:
        """The snapshot of a stream, if there is one to take. A stream whose events make no sense has none: to end for
        it would be to end again and again, and nothing is lost by keeping its events as they are.
        """
        try:
            return self._snapshot(stream)
        except Damaged:  # it is noticed in the journal, which says so once; it is due again when it has grown
            return None
        except TicTacToeError:
            logger.exception("a stream cannot be read and is not compacted", stream=stream)
            return None

    def _snapshot(self, stream: str) -> Snapshot | None:
        state = self._in_memory(stream)
        if state is not None:
            mark = self._journal.mark_of(stream, state.version)
            body = self._streams.kind_of(stream).write_state(state)
            return None if mark is None else Snapshot(mark.position, mark.epoch, stream, state.version, body)
        copy = self._journal.copy(stream, whole=False).up_to(self._upto())
        if not copy.entries or copy.has_gap:
            return None
        last = copy.entries[-1]
        body = self._streams.kind_of(stream).write_state(self._streams.state_of(copy))
        return Snapshot(last.position, last.epoch, stream, last.version, body)
