"""A journal: one server's copy of the log on its own disk, in SQLite.

Lives here: what a server may write to its journal, and which writes share a transaction. ``reads`` has the queries,
``connection`` the lock and the transactions, ``terms`` and ``incoming_copy`` the statements for their own tables.
``file`` opens a journal.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from game.errors import check
from server.log.entries import (
    Entry,
    Epoch,
    EpochHistory,
    EpochStart,
    LogEnd,
    LogId,
    Snapshot,
    StreamCopy,
    StreamSummary,
)
from server.log.journal import incoming_copy
from server.log.journal.guard_file import GuardFile
from server.log.journal.reads import JournalReads
from server.log.journal.rows import as_bytes, summary_row, with_checksums
from server.log.journal.schema import COLUMNS, TABLES, bring_up_to_date
from server.log.journal.terms import add_terms, drop_terms_after, read_epoch, read_terms, replace_terms, store_epoch
from server.log.mending import holes_of, is_lost
from server.log.row_format import Kind, checksum

_ADD_ENTRY = f"INSERT INTO entries ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
_PUT_ENTRY = f"INSERT OR REPLACE INTO entries ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
_PUT_SNAPSHOT = f"INSERT OR REPLACE INTO snapshots ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
_PUT_SUMMARY = "INSERT OR REPLACE INTO listings (stream, position, row, sum) VALUES (?, ?, ?, ?)"
_PUT_FORGOTTEN = "INSERT OR REPLACE INTO forgotten VALUES (1, ?)"


class Journal(JournalReads):
    """The log on disk. Every method that writes raises StorageFailed and changes nothing when the disk refuses the
    write.
    """

    def __init__(self, connection: sqlite3.Connection, guard: GuardFile | None = None) -> None:
        """Open the log in a database. ``connection`` must be in autocommit mode: the journal begins its own
        transactions.
        """
        super().__init__(connection)
        bring_up_to_date(connection)
        self.guard = guard or GuardFile()
        self.lost = False
        """Whether the journal is empty because an unreadable file was put aside."""
        epoch = read_epoch(connection)
        self.terms = read_terms(connection, epoch)
        # The log id of the last entry. It changes only after the transaction that moved the end of the log.
        self.last = self._read_last(self.terms)
        # The row of the promised epoch may be damaged. Then only an epoch above all known epochs is certain to keep the
        # promise.
        self.epoch = epoch or Epoch(self.last.epoch, "")
        row = connection.execute("SELECT position FROM forgotten").fetchone()
        self.forgotten_at: int = min(row[0], self.last.position) if row and type(row[0]) is int else 0
        """The position at which the log ended when streams were last forgotten, or when the log was last replaced. Both
        copies ended there at that time.
        """

    @property
    def end(self) -> LogEnd:
        """The end of this log, to compare it with another log."""
        return self.terms.end_at(self.last)

    # -- the log ----------------------------------------------------------------------------------------------------

    def append(self, entries: Sequence[Entry], summaries: Sequence[StreamSummary] = ()) -> None:
        """Append the entries and store the stream summaries that they change, all or none.

        The first position must be above ``last``.
        """
        check(bool(entries) and entries[0].position > self.last.position, "entries must come after the last one")
        with self.writing():
            self._connection.executemany(_ADD_ENTRY, with_checksums("entry", entries))
            if summaries:
                self._connection.executemany(_PUT_SUMMARY, map(summary_row, summaries))
        self.last = entries[-1].log_id
        self.guard.raise_to(self.last)

    def receive(
        self, snapshots: Sequence[Snapshot], entries: Sequence[Entry], last: LogId, terms: Sequence[EpochStart] = ()
    ) -> None:
        """Append a part of another journal.

        Its snapshots replace entries that are missing here. ``terms`` begin in this part. A lost snapshot does not
        replace a sound one if all later events are here.
        """
        with self.writing():
            self._connection.executemany(_ADD_ENTRY, with_checksums("entry", entries))
            needed = [one for one in snapshots if not (is_lost(one) and self._has_all_up_to(one))]
            self._connection.executemany(_PUT_SNAPSHOT, with_checksums("snapshot", needed))
            if terms:
                add_terms(self._connection, terms, self.last.position)
        self.last = last
        for term in terms:
            self.terms.begin(term)

    def _has_all_up_to(self, snapshot: Snapshot) -> bool:
        """Return whether every event in a snapshot is here, as an entry or in a sound snapshot."""
        copy = self.copy(snapshot.stream)
        sound = copy.snapshot is None or not is_lost(copy.snapshot)
        return sound and not copy.has_gap and copy.version >= snapshot.version

    def store_epoch(self, epoch: Epoch) -> None:
        """Record the epoch and holder that this journal obeys."""
        with self.writing():
            store_epoch(self._connection, epoch)
        self.epoch = epoch

    def begin_term(self, epoch: Epoch) -> None:
        """Begin the server's own term. Entries from here on have its epoch and holder."""
        term = EpochStart(*epoch, self.last.position + 1)
        with self.writing():
            store_epoch(self._connection, epoch)
            add_terms(self._connection, [term], self.last.position)
        self.epoch = epoch
        self.terms.begin(term)
        self.guard.raise_to(LogId(epoch.number, self.last.position))

    def drop_empty_terms(self) -> None:
        """Delete the terms that wrote nothing."""
        with self.writing():
            add_terms(self._connection, [], self.last.position)
        self.terms = read_terms(self._connection)

    # -- another server's log -----------------------------------------------------------------------------------------

    def begin_copy(self) -> None:
        """Prepare for another server's whole journal, which arrives in parts. The log stays until ``end_copy``."""
        with self.writing():
            incoming_copy.clear(self._connection)

    def add_to_copy(self, snapshots: Sequence[Snapshot], entries: Sequence[Entry]) -> None:
        """Store a part of the incoming copy apart from the present log."""
        with self.writing():
            incoming_copy.add(self._connection, snapshots, entries)

    def end_copy(self, last: LogId, terms: Sequence[EpochStart]) -> None:
        """Replace the present log by the incoming copy in one transaction.

        The copy has these terms and ends at ``last``. Rows that are lost in the copy but sound here stay.
        """
        history = EpochHistory(terms)

        def own_copy(stream: str) -> StreamCopy:
            return self.copy(stream).of_log(lambda log_id: history.contain(self.terms.end_at(log_id), last))

        with self.writing():
            incoming_copy.fill(self._connection, own_copy)
            self._connection.execute("DELETE FROM listings")
            replace_terms(self._connection, terms)
            incoming_copy.move_in(self._connection)
            check(self._read_last(self.terms) == last, "an incoming copy must end at the announced log id")
            self._connection.execute(_PUT_FORGOTTEN, (last.position,))
        self.last, self.forgotten_at = last, last.position
        self.terms = history
        self.damage.retry_all()

    # -- streams ----------------------------------------------------------------------------------------------------

    def replace(self, copy: StreamCopy) -> None:
        """Replace all rows of one stream by ``copy``. The end of the log does not change."""
        with self.writing():
            for table in TABLES:
                self._connection.execute(f"DELETE FROM {table} WHERE stream = ?", (copy.stream,))
            self._connection.executemany(_PUT_ENTRY, with_checksums("entry", copy.entries))
            if copy.snapshot is not None:
                self._connection.executemany(_PUT_SNAPSHOT, with_checksums("snapshot", [copy.snapshot]))

    def rewrite_if_sound(self, stream: str) -> None:
        """Write a stream again that is damaged on the disk, if SQLite's cache still has it sound.

        Otherwise the read records the damage.
        """
        with self._lock:
            copy = self.copy(stream)
            if holes_of(copy) is None and (copy.entries or copy.snapshot is not None):
                self.replace(copy)

    def put_snapshots(self, snapshots: Sequence[Snapshot], *, keep_events: int) -> None:
        """Store snapshots and delete the entries before them. Each stream keeps its last ``keep_events`` entries."""
        with self.writing():
            self._connection.executemany(_PUT_SNAPSHOT, with_checksums("snapshot", snapshots))
            self._connection.executemany(
                "DELETE FROM entries WHERE stream = ? AND version <= ?",
                [(s.stream, s.version - keep_events) for s in snapshots],
            )

    def forget(self, streams: Sequence[str]) -> None:
        """Delete these streams. Both copies of the log end at the same position when this is called."""
        with self.writing():
            self._connection.execute(_PUT_FORGOTTEN, (self.last.position,))
            for table in (*TABLES, "listings"):
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
            drop_terms_after(self._connection, last.position)
        self.last, self.terms = last, read_terms(self._connection, self.epoch)
        return [copy.stream for copy in torn]

    def add_checksums(self, kind: Kind, rows: Sequence[Sequence[Any]]) -> None:
        """Add checksums to rows of an older version. Rows that changed since they were read are skipped."""
        table = {"entry": "entries", "snapshot": "snapshots"}[kind]
        if rows:
            with self.writing():
                self._connection.executemany(
                    f"UPDATE {table} SET sum = ? WHERE position = ? AND stream = ? AND body = ? AND sum IS NULL",
                    [
                        (checksum(kind, position, epoch, version, stream, body), position, stream, body)
                        for position, epoch, stream, version, body, _ in rows
                    ],
                )

    def store_summaries(self, summaries: Sequence[StreamSummary]) -> None:
        """Store these stream summaries, in place of any that are there: the caller found those missing or damaged."""
        with self.writing():
            self._connection.executemany(_PUT_SUMMARY, map(summary_row, summaries))
        self._damaged_summaries.difference_update(summary.stream for summary in summaries)

    def rebuild_summary(self, stream: str, summary_of: Callable[[StreamCopy], StreamSummary | None]) -> None:
        """Make a damaged stream summary again.

        ``summary_of`` makes it from the stream's rows. If it returns None, the damaged summary stays. If no stream has
        that name, the name itself is damaged, and the summary is deleted.
        """
        with self._lock:  # without an append in between, so an older summary never replaces a newer one
            if self._has(stream):
                summary = summary_of(self.copy(stream, whole=False))
                if summary is not None:
                    self.store_summaries([summary])
                return
            with self.writing():
                # "+" makes SQLite scan the table: a search by index may miss a row with a damaged name.
                self._connection.execute("DELETE FROM listings WHERE +stream = CAST(? AS TEXT)", (as_bytes(stream),))
            self._damaged_summaries.discard(stream)
