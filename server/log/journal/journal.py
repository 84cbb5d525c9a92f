"""A journal: one server's copy of the log on its own disk, in an append log and SQLite behind it.

Lives here: what a server may write to its journal, and which writes share a transaction. An append writes only to the
append log; ``fill`` moves it into SQLite. Every other write is a transaction of SQLite that brings in the whole tail
first. So the two together are the log at every moment. ``reads`` has the queries, ``connection`` the lock, the tail and
the transactions, ``tail``, ``terms`` and ``incoming_copy`` the statements for their own tables. ``file`` opens a
journal.

Threads: one appends at a time; the filler, the compaction and the scrub work meanwhile. ``_appending`` is taken before
``_lock``, never after it.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Sequence

from game.errors import check
from server.log.append_log.append_log import AppendLog
from server.log.append_log.recovery import LogPlace, recover
from server.log.append_log.segments import MemorySegments, Segments
from server.log.entries import Entry, Epoch, EpochStart, LogEnd, LogId, Snapshot, StreamCopy, StreamSummary
from server.log.epoch_history import EpochHistory
from server.log.journal import incoming_copy
from server.log.journal.guard_file import GuardFile
from server.log.journal.incoming_copy import INCOMING
from server.log.journal.reads import JournalReads
from server.log.journal.rows import TABLES, as_bytes, put_rows, summary_row
from server.log.journal.schema import bring_up_to_date
from server.log.journal.tail import read_filled, store_filled
from server.log.journal.terms import read_epoch, read_terms, store_epoch, store_terms
from server.log.mending import holes_of
from wire.errors import StorageFailed

FILL_BATCHES = 200
"""Batches that one transaction of ``fill`` moves into SQLite."""
_PUT_FORGOTTEN = "INSERT OR REPLACE INTO forgotten VALUES (1, ?)"


class Journal(JournalReads):
    """The log on disk. Every method that writes raises StorageFailed and changes nothing when the disk refuses the
    write.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        guard: GuardFile | None = None,
        segments: Segments | None = None,
        *,
        sync: bool = False,
        owned: bool = True,
    ) -> None:
        """Open the log in a database and its segments. ``connection`` must be in autocommit mode: the journal begins
        its own transactions.

        Without ``segments``, appends are only in memory until they are in the database.
        ``sync``: an append returns only when it survives a power cut.
        ``owned``: no other process writes to the journal. Otherwise only ``last``, ``end``, ``epoch`` and ``terms`` are
        those of the whole log, and rows are those of the database: to see the tail takes the lock of a writer.

        Raises OSError when a segment cannot be read or synced.
        """
        super().__init__(connection)
        bring_up_to_date(connection)
        self.guard = guard or GuardFile()
        self.lost = False
        """Whether the journal is empty because an unreadable file was put aside."""
        connection.execute("BEGIN")  # one moment for all that follows, even while the server writes
        epoch = read_epoch(connection)
        self.terms = read_terms(connection, epoch)
        last = self._read_last(self.terms)
        filled = read_filled(connection)
        row = connection.execute("SELECT position FROM forgotten").fetchone()
        connection.execute("COMMIT")
        segments = MemorySegments() if segments is None else segments
        recovered = recover(segments, filled, last.position)
        for stream in sorted({entry.stream for batch in recovered.batches for entry in batch.entries if entry.is_lost}):
            self.damage.add(stream)
        # The log id of the last entry. It changes only after the write that moved the end of the log.
        self.last = recovered.batches[-1].entries[-1].log_id if recovered.batches else last
        self._log = AppendLog(segments, recovered if owned else recovered._replace(batches=[]), sync=sync)
        # Held by an append, and by a write that depends on what it has read.
        self._appending = threading.Lock()
        # The row of the promised epoch may be damaged. Then only an epoch above all known epochs is certain to keep the
        # promise.
        self.epoch = epoch or Epoch(self.last.epoch, "")
        self.forgotten_at: int = min(row[0], self.last.position) if row and type(row[0]) is int else 0
        """The position at which the log ended when streams were last forgotten, or when the log was last replaced. Both
        copies ended there at that time.
        """

    def put_unusable_aside(self) -> None:
        """Put segments aside that cannot be used. The server that owns the journal calls this before it appends.

        Raises StorageFailed and OSError.
        """
        if self._log.unusable:
            with self.writing():
                pass  # what precedes the damage is in SQLite before its segment goes
            self._log.put_unusable_aside()
            with self.writing():
                store_filled(self._connection, LogPlace(self._log.newest + 1, 0))

    def close(self) -> None:
        """Close the journal. SQLite has everything then, if the disk allows it."""
        with contextlib.suppress(StorageFailed):  # what SQLite lacks is in the segments
            self.fill()
        self._log.close()
        super().close()

    @property
    def end(self) -> LogEnd:
        """The end of this log, to compare it with another log."""
        return self.terms.end_at(self.last)

    # -- the log ----------------------------------------------------------------------------------------------------

    def append(self, entries: Sequence[Entry], summaries: Sequence[StreamSummary] = ()) -> None:
        """Append the entries and store the stream summaries that they change, all or none.

        The first position must be above ``last``. Takes no lock of SQLite. The caller must not change ``entries``
        afterwards.
        """
        previous, last = self.last.position, entries[-1].log_id
        check(entries[0].position > previous, "entries must come after the last one")
        with self._appending:
            self._log.append(previous, entries, [summary_row(one) for one in summaries])
            self.last = last
        self.guard.raise_to(last)

    def fill(self) -> None:
        """Move the tail into SQLite, a part in each transaction. A read waits for one of them."""
        while self._log.tail:
            with self.writing(FILL_BATCHES):
                pass

    def receive(
        self, snapshots: Sequence[Snapshot], entries: Sequence[Entry], last: LogId, terms: Sequence[EpochStart] = ()
    ) -> None:
        """Append a part of another journal.

        Its snapshots replace entries that are missing here. ``terms`` begin in this part. A lost snapshot does not
        replace a sound one if all later events are here. Entries alone are appended.
        """
        if entries and not snapshots and not terms:
            self.append(entries)
            return
        history = self.terms.up_to(self.last.position, *terms)
        with self.writing():
            put_rows(self._connection, entries)
            put_rows(self._connection, [one for one in snapshots if not (one.is_lost and self._has_all_up_to(one))])
            store_terms(self._connection, history)
        self.last, self.terms = last, history

    def _has_all_up_to(self, snapshot: Snapshot) -> bool:
        """Return whether every event in a snapshot is here, as an entry or in a sound snapshot."""
        copy = self.copy(snapshot.stream)
        sound = copy.snapshot is None or not copy.snapshot.is_lost
        return sound and not copy.has_gap and copy.version >= snapshot.version

    def store_epoch(self, epoch: Epoch) -> None:
        """Record the epoch and holder that this journal obeys."""
        with self.writing():
            store_epoch(self._connection, epoch)
        self.epoch = epoch

    def begin_term(self, epoch: Epoch) -> None:
        """Begin the server's own term. Entries from here on have its epoch and holder."""
        terms = self.terms.up_to(self.last.position, EpochStart(*epoch, self.last.position + 1))
        with self.writing():
            store_epoch(self._connection, epoch)
            store_terms(self._connection, terms)
        self.epoch, self.terms = epoch, terms
        self.guard.raise_to(LogId(epoch.number, self.last.position))

    # -- another server's log -----------------------------------------------------------------------------------------

    def begin_copy(self) -> None:
        """Prepare for another server's whole journal, which arrives in parts. The log stays until ``end_copy``."""
        with self.writing():
            incoming_copy.clear(self._connection)

    def add_to_copy(self, snapshots: Sequence[Snapshot], entries: Sequence[Entry]) -> None:
        """Store a part of the incoming copy apart from the present log."""
        with self.writing():
            put_rows(self._connection, (*snapshots, *entries), INCOMING)

    def end_copy(self, last: LogId, terms: Sequence[EpochStart], forgotten_at: int) -> None:
        """Replace the present log by the incoming copy in one transaction.

        The copy has these terms and ends at ``last``. Streams were last deleted from it at ``forgotten_at``, or before.
        Rows that are lost in the copy but sound here stay.
        """
        history = EpochHistory(terms)

        def own_copy(stream: str) -> StreamCopy:
            return self.copy(stream).of_log(lambda log_id: history.contain(self.terms.end_at(log_id), last))

        with self.writing():
            incoming_copy.fill(self._connection, own_copy)
            self._connection.execute("DELETE FROM listings")
            store_terms(self._connection, terms)
            incoming_copy.move_in(self._connection)
            check(self._read_last(self.terms) == last, "an incoming copy must end at the announced log id")
            self._connection.execute(_PUT_FORGOTTEN, (forgotten_at,))
        self.last, self.forgotten_at = last, forgotten_at
        self.terms = history
        self.damage.retry_all()

    # -- streams ----------------------------------------------------------------------------------------------------

    def replace(self, copy: StreamCopy) -> None:
        """Replace all rows of one stream by ``copy``. The end of the log does not change."""
        with self.writing():
            for table in TABLES.values():
                self._connection.execute(f"DELETE FROM {table} WHERE stream = ?", (copy.stream,))
            put_rows(self._connection, copy.rows)

    def rewrite_if_sound(self, stream: str) -> None:
        """Write a stream again that is damaged on the disk, if SQLite's cache still has it sound.

        Otherwise the read records the damage.
        """
        with self._appending, self._lock:
            copy = self.copy(stream)
            if holes_of(copy) is None and copy.rows:
                self.replace(copy)

    def put_snapshots(self, snapshots: Sequence[Snapshot], *, keep_events: int) -> None:
        """Store snapshots and delete the entries before them. Each stream keeps its last ``keep_events`` entries."""
        with self.writing():
            put_rows(self._connection, snapshots)
            self._connection.executemany(
                "DELETE FROM entries WHERE stream = ? AND version <= ?",
                [(s.stream, s.version - keep_events) for s in snapshots],
            )

    def forget(self, streams: Sequence[str]) -> None:
        """Delete these streams. Both copies of the log end at the same position when this is called."""
        with self.writing():
            self._connection.execute(_PUT_FORGOTTEN, (self.last.position,))
            for table in (*TABLES.values(), "listings"):
                self._connection.executemany(
                    f"DELETE FROM {table} WHERE stream = ? AND position < ?",
                    [(stream, self.last.position) for stream in streams],
                )
        self.forgotten_at = self.last.position
        for stream in streams:
            self.damage.forget(stream)

    def drop_after_gaps(self) -> list[str]:
        """Delete the entries after a gap in streams that are not damaged. Return the names of these streams."""
        torn = [copy for copy in self.copies() if copy.has_gap and copy.stream not in self.damage]
        with self.writing():
            self._connection.executemany(
                "DELETE FROM entries WHERE stream = ? AND version > ?",
                [(copy.stream, copy.before_gap().version) for copy in torn],
            )
            last = self._read_last(self.terms)
            terms = self.terms.up_to(last.position)
            store_terms(self._connection, terms)
        self.last, self.terms = last, terms
        return [copy.stream for copy in torn]

    def drop_summary(self, stream: str) -> None:
        """Delete a damaged stream summary. It is made again from the stream's events when it is needed."""
        with self.writing():
            # "+" makes SQLite scan the table: a search by index may miss a row with a damaged name.
            self._connection.execute("DELETE FROM listings WHERE +stream = CAST(? AS TEXT)", (as_bytes(stream),))
