"""Read the log in a journal.

Lives here: every query for entries, snapshots and summaries. Every row is checked when it is read. A damaged row is
returned with the body ``LOST``, and its stream is recorded in ``damage``. A row is left out if its place in the log
cannot be read either.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import MsgspecError
from msgspec.json import decode

from server.log.damaged_streams import DamagedStreams
from server.log.entries import START, Entry, LogId, Snapshot, StreamCopy, StreamCursor, StreamSummary, weight
from server.log.epoch_history import EpochHistory
from server.log.journal.connection import JournalConnection
from server.log.journal.rows import COLUMNS, TABLES, RowType, as_bytes, as_text, rows_from, summaries_from
from server.log.streams import is_stream

NAMES_AT_ONCE = 100
BACKLOG_ROWS = 1000
"""The most snapshots, and the most entries, in one part of a backlog."""
_AFTER_SNAPSHOT = " AND version > COALESCE((SELECT s.version FROM snapshots s WHERE s.stream = entries.stream), 0)"
# After each row that SQLite returns, other threads may run, while this thread still holds the journal's lock. So a
# query that runs while many callers arrive (after a takeover) returns one row, as JSON.
_TAIL_LENGTHS = """
SELECT json_group_array(json_array(stream, tail)) FROM (
    SELECT e.stream AS stream, COUNT(*) AS tail FROM entries e LEFT JOIN snapshots s ON s.stream = e.stream
    WHERE e.version > COALESCE(s.version, 0) GROUP BY e.stream)
"""
_ONE_STREAM = f"""
SELECT (SELECT json_array({COLUMNS}) FROM snapshots WHERE stream = ?1), json_group_array(json_array({COLUMNS}))
FROM entries WHERE stream = ?1
"""
_HIGHEST = """
SELECT MAX(position) FROM (
    SELECT MAX(position) AS position FROM entries
    UNION ALL SELECT MAX(position) FROM snapshots WHERE typeof(position) = 'integer')
"""
_NAMES = f"""
SELECT stream FROM entries WHERE stream > CAST(?1 AS TEXT)
UNION SELECT stream FROM snapshots WHERE stream > CAST(?1 AS TEXT) ORDER BY 1 LIMIT {NAMES_AT_ONCE}
"""
_STREAMS = """
WITH RECURSIVE names (stream) AS (
    SELECT MIN(stream) FROM entries
    UNION ALL SELECT (SELECT MIN(stream) FROM entries WHERE stream > names.stream) FROM names WHERE stream IS NOT NULL)
SELECT stream FROM names WHERE stream IS NOT NULL UNION SELECT stream FROM snapshots
"""
"""Every stream. The query jumps from name to name; a plain DISTINCT would read all entries."""


class JournalReads(JournalConnection):
    """The reads of a journal."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self.damage = DamagedStreams()
        """The streams of this copy in which damage was found."""

    def copies(self, after: str = "") -> Iterator[StreamCopy]:
        """Yield every stream in order of name after ``after``. Streams with a damaged name are left out."""
        while True:
            with self._reading():
                found = self._connection.execute(_NAMES, (as_bytes(after),)).fetchall()
            names = [name for (name,) in found if type(name) is str]
            if not names:
                return
            yield from (self.copy(name) for name in names if is_stream(name))
            after = names[-1]

    def parts(self, after: StreamCursor, most_bytes: int) -> list[StreamCopy]:
        """Return the next streams by name after a cursor, about ``most_bytes`` on the wire.

        A long stream is returned in parts.
        """
        found: list[StreamCopy] = []
        left = most_bytes
        begun = [self.copy(after.stream).after(after.version)] if after.version else []
        for copy in itertools.chain(begun, self.copies(after.stream)):
            if left <= 0:
                break
            part = copy.first_part(left)
            if part.rows:
                found.append(part)
                left -= part.weight
            if part != copy:
                break
        return found

    def copy(self, stream: str, *, whole: bool = True) -> StreamCopy:
        """Return the rows of one stream.

        With ``whole=False``, entries that its snapshot includes are left out. That is enough to make the state.
        """
        tail = "" if whole else _AFTER_SNAPSHOT
        with self._reading():
            snapshots, entries = self._rows_of(stream, tail)
        copy = StreamCopy(
            stream,
            next(iter(rows_from(Snapshot, snapshots, self.damage, stream)), None),
            tuple(sorted(rows_from(Entry, entries, self.damage, stream), key=lambda entry: entry.version)),
        )
        if not whole and copy.snapshot is not None and copy.snapshot.is_lost:
            return self.copy(stream)  # the events that it included may be here
        return copy

    def _rows_of(self, stream: str, tail: str) -> tuple[list[Any], list[Any]]:
        """Return the snapshot rows and entry rows of a stream.

        A single query with JSON is tried first. A damaged row can have values that JSON does not allow. Then two plain
        queries read the rows.
        """
        try:
            snapshot, entries = self._connection.execute(_ONE_STREAM + tail, (stream,)).fetchone()
            return [] if snapshot is None else [decode(snapshot)], decode(entries)
        except (sqlite3.OperationalError, MsgspecError, ValueError):
            run = self._connection.execute
            return (
                run(f"SELECT {COLUMNS} FROM snapshots WHERE stream = ?", (stream,)).fetchall(),
                run(f"SELECT {COLUMNS} FROM entries WHERE stream = ?{tail}", (stream,)).fetchall(),
            )

    def events(self, stream: str, after_version: int, limit: int) -> list[Entry]:
        """Return at most ``limit`` entries of a stream after a version, oldest first. Compacted entries are missing."""
        with self._reading():
            return self._select(
                Entry, " WHERE stream = ? AND version > ? ORDER BY version LIMIT ?", (stream, after_version, limit)
            )

    def summaries(self) -> tuple[list[StreamSummary], list[str]]:
        """Return the sound stream summaries in order of position, and the streams of the damaged ones."""
        with self._reading():
            rows = self._all("SELECT stream, position, row, sum FROM listings ORDER BY position")
        summaries, damaged = summaries_from(rows)
        return summaries, [stream for stream in damaged if is_stream(stream)]

    def missing_summaries(self) -> list[str]:
        """Return the streams that have no summary."""
        with self._reading():
            missing = self._connection.execute(f"{_STREAMS} EXCEPT SELECT stream FROM listings").fetchall()
        return [stream for (stream,) in missing if is_stream(stream)]

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
            found = self._select(Entry, " WHERE stream = ? AND version = ?", (stream, version))
        return found[0].log_id if found else None

    def backlog(self, after: LogId, upto: LogId, most_bytes: int) -> tuple[list[Snapshot], list[Entry]]:
        """Return the next snapshots and entries in order of position, about ``most_bytes`` on the wire.

        They come after the log id ``after`` and not after ``upto``.
        """
        span = (after.position, upto.position, BACKLOG_ROWS)
        where = " WHERE position > ? AND position <= ? ORDER BY position LIMIT ?"
        with self._reading():
            snapshots = self._select(Snapshot, where, span)
            entries = self._select(Entry, where, span)
        cut, left = 0, most_bytes
        for row in sorted((*snapshots, *entries))[:BACKLOG_ROWS]:
            left -= weight(row.body)
            if left < 0 and cut not in (0, row.position):
                break
            cut = row.position
        return [s for s in snapshots if s.position <= cut], [e for e in entries if e.position <= cut]

    def tail_lengths(self) -> dict[str, int]:
        """Return how many entries each stream has after its snapshot. Streams without such entries are left out."""
        with self._reading():
            (lengths,) = self._connection.execute(_TAIL_LENGTHS).fetchone()
        return dict(decode(lengths))

    def _all(self, query: str) -> list[Any]:
        """Return all rows of a query. Sound text is decoded by the library itself, which is faster than ``as_text``."""
        self._connection.text_factory = str
        try:
            return self._connection.execute(query).fetchall()
        except sqlite3.OperationalError:  # text that is not UTF-8
            self._connection.text_factory = as_text
            return self._connection.execute(query).fetchall()
        finally:
            self._connection.text_factory = as_text

    def _select(self, row_type: type[RowType], where: str, parameters: Sequence[object] = ()) -> list[RowType]:
        found = self._connection.execute(f"SELECT {COLUMNS} FROM {TABLES[row_type.kind]}{where}", parameters)
        return rows_from(row_type, found, self.damage)

    def _read_last(self, terms: EpochHistory) -> LogId:
        """Return the log id of the last entry. ``terms`` has the epoch of a damaged one."""
        end = " ORDER BY position DESC LIMIT 1"
        rows: list[Entry | Snapshot] = [*self._select(Entry, end), *self._select(Snapshot, end)]
        last = max(rows, key=lambda row: row.position, default=None)
        (highest,) = self._connection.execute(_HIGHEST).fetchone()
        if last is None and highest is None:
            return START
        if last is not None and not last.is_lost and (highest is None or last.position >= highest):
            return last.log_id
        # The last row is damaged. Its position is taken all the same, whatever its stream and epoch were.
        position = max(highest or 0, 0 if last is None else last.position)
        return terms.log_id_at(position) or LogId(last.epoch if last is not None else 1, position)
