"""A journal: one server's copy of the log on its own disk, in SQLite.

Lives here: every SQL statement that reads or writes it, and what must be written together. Safe for several threads;
``journal_file`` opens it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence

from game.errors import check
from server.entries import NO_OFFICE, START, Entry, Listing, Mark, Office, Place, Snapshot, StreamCopy, Terms, weight
from wire.errors import StorageFailed

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    position INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, stream TEXT NOT NULL, version INTEGER NOT NULL,
    body TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS entries_of_stream ON entries (stream, version);
CREATE TABLE IF NOT EXISTS snapshots (
    position INTEGER NOT NULL, epoch INTEGER NOT NULL, stream TEXT PRIMARY KEY, version INTEGER NOT NULL,
    body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS snapshots_in_order ON snapshots (position);
CREATE TABLE IF NOT EXISTS incoming_entries AS SELECT * FROM entries WHERE FALSE;
CREATE TABLE IF NOT EXISTS incoming_snapshots AS SELECT * FROM snapshots WHERE FALSE;
CREATE TABLE IF NOT EXISTS listings (stream TEXT PRIMARY KEY, position INTEGER NOT NULL, row TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS terms (epoch INTEGER PRIMARY KEY, position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS office (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), epoch INTEGER, holder TEXT);
"""
STREAMS_AT_ONCE = 8
MOST_ROWS = 1000
_COLUMNS = "position, epoch, stream, version, body"
_ADD_ENTRY = f"INSERT INTO entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)"
_PUT_SNAPSHOT = f"INSERT OR REPLACE INTO snapshots ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)"
_PUT_LISTING = "INSERT OR REPLACE INTO listings VALUES (?, ?, ?)"
_ENTRIES = f"SELECT {_COLUMNS} FROM entries"
_SNAPSHOTS = f"SELECT {_COLUMNS} FROM snapshots"
_AFTER_SNAPSHOT = " AND version > COALESCE((SELECT s.version FROM snapshots s WHERE s.stream = entries.stream), 0)"
# At every row that SQLite gives, other threads get their turn at the interpreter, and the journal's lock is held
# meanwhile. So what is read while many callers come in, as after a takeover, comes in one row, as JSON.
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
_STREAMS = """
WITH RECURSIVE names (stream) AS (
    SELECT MIN(stream) FROM entries
    UNION ALL SELECT (SELECT MIN(stream) FROM entries WHERE stream > names.stream) FROM names WHERE stream IS NOT NULL)
SELECT stream FROM names WHERE stream IS NOT NULL UNION SELECT stream FROM snapshots
"""
"""Every stream. Leaps over the entries between: a plain DISTINCT would read them all."""


class Journal:
    """The log on disk. Every method that writes raises StorageFailed and changes nothing when the disk refuses."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """``connection``: to the journal's database, without transactions of its own."""
        self._lock = threading.RLock()
        self._connection = connection
        run = connection.execute
        connection.executescript(_SCHEMA)
        self.lost = False
        """Whether it is empty because one that could not be read was put aside."""
        self.last = self._read_last()
        self.terms = Terms(Mark(*row) for row in run("SELECT epoch, position FROM terms ORDER BY epoch"))
        row = run("SELECT epoch, holder FROM office").fetchone()
        self.office = Office(*row) if row else NO_OFFICE

    def close(self) -> None:
        """Close the file; the journal cannot be used after."""
        with self._lock:
            self._connection.close()

    # -- writing ------------------------------------------------------------------------------------------------

    def append(self, entries: Sequence[Entry], listings: Sequence[Listing] = ()) -> None:
        """Add the entries, and the listings that they change, all or none. Their positions must follow on ``last``, or
        at least come after it.
        """
        check(bool(entries) and entries[0].position > self.last.position, "entries must come after the last one")
        with self.writing():
            self._connection.executemany(_ADD_ENTRY, entries)
            if listings:
                self._connection.executemany(_PUT_LISTING, map(_written, listings))
        self.last = entries[-1].mark

    def receive(self, snapshots: Sequence[Snapshot], entries: Sequence[Entry], last: Mark) -> None:
        """Add a piece of another's journal: snapshots stand for the entries up to them that are missing here."""
        with self.writing():
            self._connection.executemany(_PUT_SNAPSHOT, snapshots)
            self._connection.executemany(_ADD_ENTRY, entries)
        self.last = last

    def take_office(self, office: Office) -> None:
        """Remember whom this journal obeys."""
        with self.writing():
            self._connection.execute("INSERT OR REPLACE INTO office VALUES (1, ?, ?)", office)
        self.office = office

    def begin_term(self, office: Office) -> None:
        """The own term of office begins: what is written from here on has its epoch."""
        first = Mark(office.epoch, self.last.position + 1)
        with self.writing():
            self._connection.execute("INSERT OR REPLACE INTO office VALUES (1, ?, ?)", office)
            self._connection.execute("INSERT INTO terms VALUES (?, ?)", first)
        self.office = office
        self.terms.begin(first)

    def adopt(self, copies: Sequence[StreamCopy], after: Mark) -> None:
        """Take over another journal's copies of streams as entries of the own term, in place of the own copies.

        Their positions go on after ``after`` or the own end, whichever is higher; their listings are missing then.
        """
        positions = itertools.count(max(self.last.position, after.position) + 1)
        epoch = self.office.epoch
        with self.writing():
            for copy in copies:
                for table in (*_TABLES, "listings"):
                    self._connection.execute(f"DELETE FROM {table} WHERE stream = ?", (copy.stream,))
                old = [e for e in copy.entries if copy.snapshot is not None and e.version <= copy.snapshot.version]
                new = copy.entries[len(old) :]
                moved = [e._replace(position=next(positions), epoch=epoch) for e in old]
                if copy.snapshot is not None:
                    moved_snapshot = copy.snapshot._replace(position=next(positions), epoch=epoch)
                    self._connection.execute(_PUT_SNAPSHOT, moved_snapshot)
                moved += [e._replace(position=next(positions), epoch=epoch) for e in new]
                self._connection.executemany(_ADD_ENTRY, moved)
        self.last = self._read_last()

    def begin_copy(self) -> None:
        """Another's whole journal is going to come in pieces; the own one stays until ``end_copy``."""
        with self.writing():
            for table in _TABLES:
                self._connection.execute(f"DELETE FROM incoming_{table}")

    def add_to_copy(self, snapshots: Sequence[Snapshot], entries: Sequence[Entry]) -> None:
        """Keep a piece of the incoming copy aside."""
        with self.writing():
            for table, rows in (("entries", entries), ("snapshots", snapshots)):
                self._connection.executemany(f"INSERT INTO incoming_{table} VALUES (?, ?, ?, ?, ?)", rows)

    def end_copy(self, last: Mark) -> None:
        """Replace the own log by the copy that came in, which ends at ``last``, at once."""
        with self.writing():
            self._connection.execute("DELETE FROM listings")
            for table in _TABLES:
                self._connection.execute(f"DELETE FROM {table}")
                self._connection.execute(f"INSERT INTO {table} ({_COLUMNS}) SELECT {_COLUMNS} FROM incoming_{table}")
                self._connection.execute(f"DELETE FROM incoming_{table}")
            check(self._read_last() == last, "a copy ends where its sender said")
        self.last = last

    def put_snapshots(self, snapshots: Sequence[Snapshot], *, keep_events: int) -> None:
        """Put states in place of the entries before them; each stream keeps its last ``keep_events`` entries."""
        with self.writing():
            self._connection.executemany(_PUT_SNAPSHOT, snapshots)
            self._connection.executemany(
                "DELETE FROM entries WHERE stream = ? AND version <= ?",
                [(s.stream, s.version - keep_events) for s in snapshots],
            )

    def forget(self, streams: Sequence[str]) -> None:
        """Drop all of these streams."""
        with self.writing():
            for table in (*_TABLES, "listings"):
                self._connection.executemany(
                    f"DELETE FROM {table} WHERE stream = ? AND position < ?",
                    [(stream, self.last.position) for stream in streams],
                )

    def list_streams(self, listings: Sequence[Listing]) -> None:
        """Put these listings where they are missing."""
        with self.writing():
            self._connection.executemany(_PUT_LISTING, map(_written, listings))

    # -- reading ------------------------------------------------------------------------------------------------

    def copies(self, after_stream: str = "", limit: int = -1, *, whole: bool = True) -> Iterator[StreamCopy]:
        """Every stream in order of name, from after ``after_stream``, at most ``limit`` streams (-1: all).

        Unless ``whole``, without the entries that the snapshots stand for: enough for the states.
        """
        tails = "" if whole else _AFTER_SNAPSHOT
        with self._lock:
            names = [
                row[0]
                for row in self._connection.execute(
                    "SELECT stream FROM entries WHERE stream > ?1 UNION SELECT stream FROM snapshots WHERE stream > ?1"
                    " ORDER BY 1 LIMIT ?2",
                    (after_stream, limit),
                )
            ]
            if not names:
                return
            span = (names[0], names[-1])
            where = " WHERE stream BETWEEN ? AND ?"
            snapshots = {s.stream: s for s in self._snapshots(where, span)}
            entries = {
                stream: tuple(group)
                for stream, group in itertools.groupby(
                    self._entries(where + tails + " ORDER BY stream, version", span), key=lambda entry: entry.stream
                )
            }
        for name in names:
            yield StreamCopy(name, snapshots.get(name), entries.get(name, ()))

    def parts(self, after: Place, most_bytes: int) -> list[StreamCopy]:
        """The next streams by name after a place, in parts where they are long: about ``most_bytes`` on the wire."""
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
        """The streams after one, read a few at a time: most askers want no more."""
        while page := list(self.copies(stream, STREAMS_AT_ONCE)):
            yield from page
            stream = page[-1].stream

    def copy(self, stream: str, *, whole: bool = True) -> StreamCopy:
        """What is here of one stream; unless ``whole``, without the entries that its snapshot stands for."""
        tail = "" if whole else _AFTER_SNAPSHOT
        with self._lock:
            snapshot, entries = self._connection.execute(_ONE_STREAM + tail, (stream,)).fetchone()
        return StreamCopy(
            stream,
            None if snapshot is None else Snapshot(*json.loads(snapshot)),
            tuple(sorted((Entry(*row) for row in json.loads(entries)), key=lambda entry: entry.version)),
        )

    def events(self, stream: str, after_version: int, limit: int) -> list[Entry]:
        """The entries of a stream after a version, oldest first; those compacted away are missing."""
        with self._lock:
            return self._entries(
                " WHERE stream = ? AND version > ? ORDER BY version LIMIT ?", (stream, after_version, limit)
            )

    def listings(self) -> list[Listing]:
        """Those that are here, in the order of their positions."""
        with self._lock:
            rows = self._connection.execute("SELECT stream, position, row FROM listings ORDER BY position").fetchall()
        read = json.loads(f"[{','.join(row for _, _, row in rows)}]")
        return [Listing(stream, position, row) for (stream, position, _), row in zip(rows, read, strict=True)]

    def unlisted(self) -> list[str]:
        """The streams without a listing."""
        with self._lock:
            return [stream for (stream,) in self._connection.execute(f"{_STREAMS} EXCEPT SELECT stream FROM listings")]

    def mark_of(self, stream: str, version: int) -> Mark | None:
        """Where a stream's entry of that version is, if it is here."""
        with self._lock:
            found = self._entries(" WHERE stream = ? AND version = ?", (stream, version))
        return found[0].mark if found else None

    def backlog(self, after: Mark, upto: Mark, most_bytes: int) -> tuple[list[Snapshot], list[Entry]]:
        """The next snapshots and entries in order of position, after one mark and up to another: about ``most_bytes``
        on the wire.
        """
        span = (after.position, upto.position, MOST_ROWS)
        where = " WHERE position > ? AND position <= ? ORDER BY position LIMIT ?"
        with self._lock:
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
        """How many entries each stream has after its snapshot; streams without any are left out."""
        with self._lock:
            (lengths,) = self._connection.execute(_TAIL_LENGTHS).fetchone()
        return dict(json.loads(lengths))

    # -- inside -------------------------------------------------------------------------------------------------

    def _entries(self, where: str, parameters: Iterable[object]) -> list[Entry]:
        return [Entry(*row) for row in self._connection.execute(_ENTRIES + where, tuple(parameters))]

    def _snapshots(self, where: str, parameters: Iterable[object]) -> list[Snapshot]:
        return [Snapshot(*row) for row in self._connection.execute(_SNAPSHOTS + where, tuple(parameters))]

    def _read_last(self) -> Mark:
        ends = [
            Mark(epoch, position)
            for table in _TABLES
            for epoch, position in self._connection.execute(
                f"SELECT epoch, position FROM {table} ORDER BY position DESC LIMIT 1"
            )
        ]
        return max(ends, key=lambda mark: mark.position, default=START)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction, all of it or nothing: every write comes by here. Raises StorageFailed."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise StorageFailed(f"the journal cannot be written: {error}") from error
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _written(listing: Listing) -> tuple[str, int, str]:
    return listing.stream, listing.position, json.dumps(listing.row)
