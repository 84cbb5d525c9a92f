"""A journal: one server's copy of the log on its own disk, in SQLite.

Lives here: every SQL statement that reads or writes the journal, and which writes share a transaction. Safe for
threads. ``file`` opens a journal.

Every row is checked when it is read. A damaged row is returned with the body ``LOST``, and its stream is recorded in
``damaged_streams``. A row is left out if its place in the log cannot be read either.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import structlog

from game.errors import check
from server.log.damaged_streams import DamagedStreams
from server.log.entries import (
    NO_EPOCH,
    START,
    Entry,
    Epoch,
    EpochHistory,
    EpochStart,
    LogEnd,
    LogId,
    Snapshot,
    StreamCopy,
    StreamCursor,
    StreamSummary,
    weight,
)
from server.log.journal.guard_file import GuardFile
from server.log.journal.rows import as_bytes, entries_from, snapshots_from, summaries_from, summary_row, with_checksums
from server.log.journal.schema import bring_up_to_date, prepare
from server.log.journal.terms import completed, epoch_from, epoch_row, sound_terms, term_row
from server.log.mending import filled, holes_of, is_lost, rows_for
from server.log.row_format import LOST, Kind, checksum
from server.log.streams import is_stream
from wire.errors import StorageFailed

STREAMS_AT_ONCE = 8
MOST_ROWS = 1000
_COLUMNS = "position, epoch, stream, version, body, sum"
_ADD_ENTRY = f"INSERT INTO entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
_PUT_ENTRY = f"INSERT OR REPLACE INTO entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
_PUT_SNAPSHOT = f"INSERT OR REPLACE INTO snapshots ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
_PUT_SUMMARY = "INSERT OR REPLACE INTO listings (stream, position, row, sum) VALUES (?, ?, ?, ?)"
_ADD_TERM = "INSERT INTO terms (epoch, holder, position, sum) VALUES (?, ?, ?, ?)"
KEPT_TERMS = 1000
"""Takeovers for which a journal can still be compared with another. This many terms fit into one message."""
_DROP_OLD_TERMS = (
    f"DELETE FROM terms WHERE epoch <= (SELECT epoch FROM terms ORDER BY epoch DESC LIMIT 1 OFFSET {KEPT_TERMS})"
)
_PUT_FORGOTTEN = "INSERT OR REPLACE INTO forgotten VALUES (1, ?)"
_PUT_EPOCH = "INSERT OR REPLACE INTO office (only_row, epoch, holder, sum) VALUES (1, ?, ?, ?)"
_BEGINNINGS = """
SELECT epoch, MIN(position) FROM (SELECT epoch, position FROM entries UNION ALL SELECT epoch, position FROM snapshots)
GROUP BY epoch
"""
_ENTRIES = f"SELECT {_COLUMNS} FROM entries"
_SNAPSHOTS = f"SELECT {_COLUMNS} FROM snapshots"
_AFTER_SNAPSHOT = " AND version > COALESCE((SELECT s.version FROM snapshots s WHERE s.stream = entries.stream), 0)"
# After each row that SQLite returns, other threads may run, while this thread still holds the journal's lock. So a
# query that runs while many callers arrive (after a takeover) returns one row, as JSON.
_TAIL_LENGTHS = """
SELECT json_group_array(json_array(stream, tail)) FROM (
    SELECT e.stream AS stream, COUNT(*) AS tail FROM entries e LEFT JOIN snapshots s ON s.stream = e.stream
    WHERE e.version > COALESCE(s.version, 0) GROUP BY e.stream)
"""
_ONE_STREAM = f"""
SELECT (SELECT json_array({_COLUMNS}) FROM snapshots WHERE stream = ?1), json_group_array(json_array({_COLUMNS}))
FROM entries WHERE stream = ?1
"""
_TABLES = ("entries", "snapshots")
_HIGHEST = """
SELECT MAX(position) FROM (
    SELECT MAX(position) AS position FROM entries
    UNION ALL SELECT MAX(position) FROM snapshots WHERE typeof(position) = 'integer')
"""
_NAMES = """
SELECT stream FROM entries WHERE stream > CAST(?1 AS TEXT)
UNION SELECT stream FROM snapshots WHERE stream > CAST(?1 AS TEXT) ORDER BY 1 LIMIT ?2
"""
_HAS = "SELECT 1 FROM entries WHERE stream = ?1 UNION ALL SELECT 1 FROM snapshots WHERE stream = ?1 LIMIT 1"
_STREAMS = """
WITH RECURSIVE names (stream) AS (
    SELECT MIN(stream) FROM entries
    UNION ALL SELECT (SELECT MIN(stream) FROM entries WHERE stream > names.stream) FROM names WHERE stream IS NOT NULL)
SELECT stream FROM names WHERE stream IS NOT NULL UNION SELECT stream FROM snapshots
"""
"""Every stream. The query jumps from name to name; a plain DISTINCT would read all entries."""

logger = structlog.get_logger()


def _ignore(_why: str) -> None:
    """Ignore an unreadable journal. The server replaces this callback."""


class Journal:
    """The log on disk. Every method that writes raises StorageFailed and changes nothing when the disk refuses the
    write.
    """

    def __init__(self, connection: sqlite3.Connection, guard: GuardFile | None = None) -> None:
        """Open the log in a database. ``connection`` must be in autocommit mode: the journal begins its own
        transactions.
        """
        self.guard = guard or GuardFile()
        self._lock = threading.RLock()
        self._connection = connection
        prepare(connection)
        bring_up_to_date(connection)
        self.damage = DamagedStreams()
        """The streams of this copy in which damage was found."""
        # Streams with a damaged summary that ``summaries`` found and that is not replaced yet.
        self._damaged_summaries: set[str] = set()
        self.on_unreadable: Callable[[str], None] = _ignore
        """Called with the reason when SQLite can no longer read the file. This is worse than a damaged row."""
        self.lost = False
        """Whether the journal is empty because an unreadable file was put aside."""
        self.is_alone = False
        """Whether no other connection can read the file now."""
        run = connection.execute
        row = run("SELECT epoch, holder, sum FROM office").fetchone()
        epoch = epoch_from(row)
        self.terms = self._read_terms(epoch)
        # The log id of the last entry. It changes only after the transaction that moved the end of the log.
        self.last = self._read_last()
        # The row of the promised epoch may be damaged. Then only an epoch above all known epochs is certain to keep the
        # promise.
        self.epoch = epoch or (NO_EPOCH if row is None else Epoch(self.last.epoch, ""))
        row = run("SELECT position FROM forgotten").fetchone()
        self.forgotten_at: int = min(row[0], self.last.position) if row and type(row[0]) is int else 0
        """The position at which the log ended when streams were last forgotten, or when the log was last replaced. Both
        copies ended there at that time.
        """

    @property
    def end(self) -> LogEnd:
        """The end of this log, to compare it with another log."""
        return self.terms.end_at(self.last)

    def reconnect(self, connect: Callable[[], sqlite3.Connection]) -> None:
        """Replace the connection by another one to the same file. Reads and writes wait meanwhile."""
        with self._lock:
            self._connection.close()
            self._connection = connect()
            prepare(self._connection)

    def close(self) -> None:
        """Close the file. The journal cannot be used afterwards."""
        with self._lock:
            self._connection.close()

    # -- writing ------------------------------------------------------------------------------------------------

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
                self._add_terms(terms)
        self.last = last
        for term in terms:
            self.terms.begin(term)

    def store_epoch(self, epoch: Epoch) -> None:
        """Record the epoch and holder that this journal obeys."""
        with self.writing():
            self._connection.execute(_PUT_EPOCH, epoch_row(epoch))
        self.epoch = epoch

    def begin_term(self, epoch: Epoch) -> None:
        """Begin the server's own term. Entries from here on have its epoch and holder."""
        term = EpochStart(*epoch, self.last.position + 1)
        with self.writing():
            self._connection.execute(_PUT_EPOCH, epoch_row(epoch))
            self._add_terms([term])
        self.epoch = epoch
        self.terms.begin(term)
        self.guard.raise_to(LogId(epoch.number, self.last.position))

    def begin_copy(self) -> None:
        """Prepare for another server's whole journal, which arrives in parts. The log stays until ``end_copy``."""
        with self.writing():
            for table in _TABLES:
                self._connection.execute(f"DELETE FROM incoming_{table}")

    def add_to_copy(self, snapshots: Sequence[Snapshot], entries: Sequence[Entry]) -> None:
        """Store a part of the incoming copy apart from the present log."""
        with self.writing():
            self._add_to_incoming(snapshots, entries)

    def _add_to_incoming(self, snapshots: Sequence[Snapshot], entries: Sequence[Entry]) -> None:
        add = f"INSERT INTO incoming_{{}} ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
        self._connection.executemany(add.format("entries"), with_checksums("entry", entries))
        self._connection.executemany(add.format("snapshots"), with_checksums("snapshot", snapshots))

    def end_copy(self, last: LogId, terms: Sequence[EpochStart]) -> None:
        """Replace the present log by the incoming copy in one transaction.

        The copy has these terms and ends at ``last``. Rows that are lost in the copy but sound here stay.
        """
        with self.writing():
            self._fill_copy(EpochHistory(terms), last)
            for table in ("listings", "terms"):
                self._connection.execute(f"DELETE FROM {table}")
            self._connection.executemany(_ADD_TERM, map(term_row, terms))
            for table in _TABLES:
                self._connection.execute(f"DELETE FROM {table}")
                self._connection.execute(f"INSERT INTO {table} ({_COLUMNS}) SELECT {_COLUMNS} FROM incoming_{table}")
                self._connection.execute(f"DELETE FROM incoming_{table}")
            check(self._read_last() == last, "a copy ends where its sender said")
            self._connection.execute(_PUT_FORGOTTEN, (last.position,))
        self.last, self.forgotten_at = last, last.position
        self.terms = EpochHistory(terms)
        self.damage.retry_all()

    def _has_all_up_to(self, snapshot: Snapshot) -> bool:
        """Return whether every event in a snapshot is here, as an entry or in a sound snapshot."""
        copy = self.copy(snapshot.stream)
        sound = copy.snapshot is None or not is_lost(copy.snapshot)
        return sound and not copy.has_gap and copy.version >= snapshot.version

    def _fill_copy(self, terms: EpochHistory, last: LogId) -> None:
        """Replace lost rows of the incoming copy by this journal's sound rows.

        Only rows of the incoming log count: the log that has these terms and ends at ``last``.
        """
        run = self._connection.execute
        lost = " UNION ".join(f"SELECT stream FROM incoming_{table} WHERE body = ?1" for table in _TABLES)
        for (stream,) in run(lost, (LOST,)).fetchall():
            entries, snapshots = (
                [
                    row[:5]
                    for row in run(f"SELECT {_COLUMNS} FROM incoming_{table} WHERE stream = ? ORDER BY 1", (stream,))
                ]
                for table in _TABLES
            )
            snapshot = Snapshot(*snapshots[0]) if snapshots else None
            incoming = StreamCopy(stream, snapshot, tuple(Entry(*row) for row in entries))
            own = self.copy(stream).of_log(lambda log_id: terms.contain(self.terms.end_at(log_id), last))
            holes = holes_of(incoming)
            if holes is not None:
                for table in _TABLES:
                    run(f"DELETE FROM incoming_{table} WHERE stream = ?", (stream,))
                filled_up = filled(incoming, rows_for(own, holes))
                self._add_to_incoming([] if filled_up.snapshot is None else [filled_up.snapshot], filled_up.entries)

    def replace(self, copy: StreamCopy) -> None:
        """Replace all rows of one stream by ``copy``. The end of the log does not change."""
        with self.writing():
            for table in _TABLES:
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
            for table in (*_TABLES, "listings"):
                self._connection.executemany(
                    f"DELETE FROM {table} WHERE stream = ? AND position < ?",
                    [(stream, self.last.position) for stream in streams],
                )
        self.forgotten_at = self.last.position
        for stream in streams:
            self.damage.forget(stream)

    def drop_after_gaps(self) -> list[str]:
        """Delete the entries after a gap in streams that are not damaged. Return the names of these streams."""
        torn = [copy for copy in self.copies() if copy.has_gap and not self.damage.knows(copy.stream)]
        with self.writing():
            self._connection.executemany(
                "DELETE FROM entries WHERE stream = ? AND version > ?",
                [(copy.stream, copy.before_gap().version) for copy in torn],
            )
            last = self._read_last()
            self._connection.execute("DELETE FROM terms WHERE position > ?", (last.position,))
        self.last, self.terms = last, self._read_terms(self.epoch)
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
        """Store these stream summaries where they are missing or damaged."""
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

    # -- reading ------------------------------------------------------------------------------------------------

    def copies(self, after_stream: str = "", limit: int = -1, *, whole: bool = True) -> Iterator[StreamCopy]:
        """Yield every stream in order of name after ``after_stream``, at most ``limit`` streams (-1: all).

        With ``whole=False``, entries that a snapshot includes are left out. That is enough to make the states.
        """
        tails = "" if whole else _AFTER_SNAPSHOT
        with self._reading():
            names = self._names(after_stream, limit)
            if not names:
                return
            span = (names[0], names[-1])
            where = " WHERE stream BETWEEN ? AND ?"
            snapshots = {s.stream: s for s in self._snapshots(where, span)}
            entries: dict[str, list[Entry]] = {}
            for entry in self._entries(where + tails + " ORDER BY stream, version", span):
                entries.setdefault(entry.stream, []).append(entry)
        for name in names:
            yield StreamCopy(name, snapshots.get(name), tuple(entries.get(name, ())))

    def parts(self, after: StreamCursor, most_bytes: int) -> list[StreamCopy]:
        """Return the next streams by name after a cursor, about ``most_bytes`` on the wire.

        A long stream is returned in parts.
        """
        found: list[StreamCopy] = []
        left = most_bytes
        begun = [self.copy(after.stream).after(after.version)] if after.version else []
        for copy in itertools.chain(begun, self._following(after.stream)):
            if left <= 0:
                break
            part = copy.first_part(left)
            if part.entries or part.snapshot is not None:
                found.append(part)
                left -= part.weight
            if part != copy:
                break
        return found

    def _following(self, stream: str) -> Iterator[StreamCopy]:
        """Yield the streams after a name. Reads a few at a time, because most callers need no more."""
        while page := list(self.copies(stream, STREAMS_AT_ONCE)):
            yield from page
            stream = page[-1].stream

    def copy(self, stream: str, *, whole: bool = True) -> StreamCopy:
        """Return the rows of one stream. With ``whole=False``, entries that its snapshot includes are left out."""
        tail = "" if whole else _AFTER_SNAPSHOT
        with self._reading():
            snapshots, entries = self._rows_of(stream, tail)
        copy = StreamCopy(
            stream,
            next(iter(snapshots_from(snapshots, self.damage, stream)), None),
            tuple(sorted(entries_from(entries, self.damage, stream), key=lambda entry: entry.version)),
        )
        if not whole and copy.snapshot is not None and is_lost(copy.snapshot):
            return self.copy(stream)  # the events that it included may be here
        return copy

    def _rows_of(self, stream: str, tail: str) -> tuple[list[Any], list[Any]]:
        """Return the snapshot rows and entry rows of a stream.

        A single query with JSON is tried first. A damaged row can have values that JSON does not allow. Then two plain
        queries read the rows.
        """
        try:
            snapshot, entries = self._connection.execute(_ONE_STREAM + tail, (stream,)).fetchone()
            return [] if snapshot is None else [json.loads(snapshot)], json.loads(entries)
        except (sqlite3.OperationalError, ValueError):
            run = self._connection.execute
            return (
                run(f"{_SNAPSHOTS} WHERE stream = ?", (stream,)).fetchall(),
                run(f"{_ENTRIES} WHERE stream = ?{tail}", (stream,)).fetchall(),
            )

    def events(self, stream: str, after_version: int, limit: int) -> list[Entry]:
        """Return at most ``limit`` entries of a stream after a version, oldest first. Compacted entries are missing."""
        with self._reading():
            return self._entries(
                " WHERE stream = ? AND version > ? ORDER BY version LIMIT ?", (stream, after_version, limit)
            )

    def summaries(self) -> list[StreamSummary]:
        """Return the sound stream summaries in order of position."""
        with self._reading():
            rows = self._connection.execute(
                "SELECT stream, position, row, sum FROM listings ORDER BY position"
            ).fetchall()
        summaries, unsound = summaries_from(rows)
        self._damaged_summaries.update(unsound)
        return summaries

    def missing_summaries(self) -> list[str]:
        """Return the streams that have no summary, or one that ``summaries`` found damaged."""
        with self._reading():
            run = self._connection.execute
            missing = [stream for (stream,) in run(f"{_STREAMS} EXCEPT SELECT stream FROM listings")]
            if self._damaged_summaries:
                missing += self._damaged_summaries & {stream for (stream,) in run(_STREAMS)}
        return [stream for stream in missing if is_stream(stream)]

    def stream_at(self, position: int) -> str | None:
        """Return the stream of the entry at a position, from the index.

        The index stores the name apart from the entry. This reads the whole index, so use it for damaged entries only.
        """
        with self._reading():
            found = self._connection.execute("SELECT stream, position FROM entries INDEXED BY entries_of_stream")
            return next((stream for stream, at in found if at == position), None)

    def log_id_of(self, stream: str, version: int) -> LogId | None:
        """Return the log id of a stream's entry with that version, or None if it is not here."""
        with self._reading():
            found = self._entries(" WHERE stream = ? AND version = ?", (stream, version))
        return found[0].log_id if found else None

    def backlog(self, after: LogId, upto: LogId, most_bytes: int) -> tuple[list[Snapshot], list[Entry]]:
        """Return the next snapshots and entries in order of position, about ``most_bytes`` on the wire.

        They come after the log id ``after`` and not after ``upto``.
        """
        span = (after.position, upto.position, MOST_ROWS)
        where = " WHERE position > ? AND position <= ? ORDER BY position LIMIT ?"
        with self._reading():
            snapshots = self._snapshots(where, span)
            entries = self._entries(where, span)
        rows = [(s.position, weight(s.body)) for s in snapshots] + [(e.position, weight(e.body)) for e in entries]
        cut, left = 0, most_bytes
        for position, bytes_ in sorted(rows)[:MOST_ROWS]:
            left -= bytes_
            if left < 0 and cut not in (0, position):
                break
            cut = position
        return [s for s in snapshots if s.position <= cut], [e for e in entries if e.position <= cut]

    def tail_lengths(self) -> dict[str, int]:
        """Return how many entries each stream has after its snapshot. Streams without such entries are left out."""
        with self._reading():
            (lengths,) = self._connection.execute(_TAIL_LENGTHS).fetchone()
        return dict(json.loads(lengths))

    # -- inside -------------------------------------------------------------------------------------------------

    def _names(self, after: str, limit: int) -> list[str]:
        """Return the next stream names in order, at most ``limit`` (-1: all). Damaged names are skipped.

        The result is empty only if no sound name follows.
        """
        while True:
            found = self._connection.execute(_NAMES, (as_bytes(after), limit)).fetchall()
            names = [name for (name,) in found if type(name) is str]
            sound = [name for name in names if is_stream(name)]
            if sound or not names:
                return sound
            after = names[-1]

    def _has(self, stream: str) -> bool:
        """Return whether the stream has any row."""
        if not is_stream(stream):
            return False
        with self._reading():
            return self._connection.execute(_HAS, (stream,)).fetchone() is not None

    def _entries(self, where: str, parameters: Iterable[object]) -> list[Entry]:
        return entries_from(self._connection.execute(_ENTRIES + where, tuple(parameters)), self.damage)

    def _snapshots(self, where: str, parameters: Iterable[object]) -> list[Snapshot]:
        return snapshots_from(self._connection.execute(_SNAPSHOTS + where, tuple(parameters)), self.damage)

    def _add_terms(self, terms: Sequence[EpochStart]) -> None:
        """Store terms. Delete the terms that wrote nothing and those beyond ``KEPT_TERMS``."""
        self._connection.execute("DELETE FROM terms WHERE position > ?", (self.last.position,))
        self._connection.executemany(_ADD_TERM, map(term_row, terms))
        self._connection.execute(_DROP_OLD_TERMS)

    def drop_empty_terms(self) -> None:
        """Delete the terms that wrote nothing."""
        with self.writing():
            self._add_terms([])
        self.terms = self._read_terms()

    def _read_terms(self, epoch: Epoch | None = None) -> EpochHistory:
        run = self._connection.execute
        rows = run("SELECT epoch, holder, position, sum FROM terms ORDER BY 1").fetchall()
        terms = sound_terms(rows)
        if len(terms) < len(rows):
            logger.error("terms of the journal are damaged", damaged=len(rows) - len(terms), of=len(rows))
            begun = dict(run(_BEGINNINGS))
            terms = completed(terms, {e: p for e, p in begun.items() if type(e) is int and type(p) is int}, epoch)
        return EpochHistory(terms)

    def _read_last(self) -> LogId:
        end = " ORDER BY position DESC LIMIT 1"
        rows: list[Entry | Snapshot] = [*self._entries(end, ()), *self._snapshots(end, ())]
        last = max(rows, key=lambda row: row.position, default=None)
        (highest,) = self._connection.execute(_HIGHEST).fetchone()
        if last is None and highest is None:
            return START
        if last is not None and not is_lost(last) and (highest is None or last.position >= highest):
            return last.log_id
        # The last row is damaged. Its position is taken all the same, whatever its stream and epoch were.
        position = max(highest or 0, 0 if last is None else last.position)
        return self.terms.log_id_at(position) or LogId(last.epoch if last is not None else 1, position)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Run one transaction, all or nothing. Every write uses this. Raises StorageFailed."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                self._is_malformed(error)
                raise StorageFailed(f"the journal cannot be written: {error}") from error
            except BaseException:
                self._roll_back()
                raise

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Hold the lock for a read. Every read uses this. Raises StorageFailed."""
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                self._is_malformed(error)
                raise StorageFailed(f"the journal cannot be read: {error}") from error

    def _is_malformed(self, error: sqlite3.Error) -> None:
        # For a corrupt file and for a file that is no database, sqlite3 raises plain DatabaseError, not a subclass.
        if type(error) is sqlite3.DatabaseError:
            self.on_unreadable(str(error))

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
