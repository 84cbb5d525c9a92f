"""Journals on simulated disks: the real ``Journal`` on a database and segments in memory that outlive the process.

A process can be killed just before, in the middle of, or just after a write. A disk can be full for a while, and rows
and records can be damaged. A power cut can remove the last writes that were not synced.
"""

from __future__ import annotations

import contextlib
import errno
import json
import random
import sqlite3
import zlib
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from server.log.append_log.recovery import LogPlace
from server.log.append_log.segment_reader import StoredBatch, read_batches
from server.log.append_log.segments import MemorySegments
from server.log.journal.guard_file import GuardFile
from server.log.journal.journal import Journal
from server.log.journal.rows import as_text
from server.log.journal.tail import NOTHING_FILLED, read_filled
from simulator.engine.simulation import Crash
from verify.testbed.row_damage import damaged_rows, flipped, put_body, random_row
from wire.errors import StorageFailed

KEPT_WRITES = 4
P_EDITED = 0.4
"""The probability of an edit instead of a flipped bit. An edited event is still readable, but it is not what
happened."""
P_RECORD = 0.5
"""The probability that a record of a segment is damaged, if there is one that SQLite lacks."""
ONE_CUT_FAILS_IN = 4
_OTHER_NAME = "mallory"


def _database() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.text_factory = as_text
    return connection


class JournalBackup(NamedTuple):
    """A copy of a journal at one moment."""

    connection: sqlite3.Connection
    segments: dict[int, bytes]


class _Append(NamedTuple):
    """An append that was not synced: the segment had ``size`` bytes before it."""

    segment: int
    size: int


class JournalDisk:
    """The disk of one role's journal."""

    def __init__(self, *, syncs: bool) -> None:
        """``syncs``: whether each write is synced. Otherwise a power cut may remove the last few."""
        self.full = False
        self.syncs = syncs
        self.writes_left: int | None = None
        """How many more writes succeed. At 0 the process dies before the next transaction or in the next append; at 1
        it dies just after it. None: no limit."""
        self.guard = GuardFile()
        self._connection = _database()
        self.segments = SimulatedSegments(self)
        # The last writes that a power cut can remove, oldest first. Of a transaction: the database before it.
        self._unsynced: deque[_Append | sqlite3.Connection] = deque(maxlen=KEPT_WRITES)
        # The journal that was opened last.
        self._journal: SimulatedJournal | None = None

    def journal(self) -> SimulatedJournal:
        """Open the journal for a new process. An open transaction is rolled back."""
        self.writes_left = None
        self._roll_back()
        journal = SimulatedJournal(self._connection, self)
        self._journal = journal
        full, self.full = self.full, False  # the model has no server that waits for space to open its journal
        journal.put_unusable_aside()
        self.full = full
        return journal

    def backup(self) -> JournalBackup:
        """Return a backup of the journal as it is now."""
        # SQLite waits for ever to copy a database with an open transaction.
        if self._journal is not None:
            self._journal.commit_brought_in()
        self._roll_back()  # that of a process that has died
        backup = _database()
        self._connection.backup(backup)
        return JournalBackup(backup, {number: self.segments.read(number) for number in self.segments.numbers()})

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def restore(self, backup: JournalBackup) -> None:
        """Replace the journal by a backup, as an operator does. No process may have it open."""
        self._journal, self._connection = None, backup.connection
        self.segments.contents = {number: bytearray(content) for number, content in backup.segments.items()}
        self._unsynced.clear()

    def lose(self) -> None:
        """Replace the disk by a new empty one. No process may have it open."""
        self.guard = GuardFile()
        self._journal, self._connection = None, _database()
        self.segments.contents.clear()
        self._unsynced.clear()

    def lose_last_writes(self, rng: random.Random, most: int) -> int:
        """Remove up to ``most`` of the last unsynced writes, as a power cut does. Return how many were removed.

        No process may have the journal open.
        Segments and database are different files: sometimes one of them keeps its writes. Segments that were deleted
        meanwhile stay deleted. A prefix of the first lost append may stay.
        """
        self._journal = None
        lost = [self._unsynced.pop() for _ in range(min(most, len(self._unsynced)))]
        self._unsynced.clear()
        kept = rng.choice((None, None, _Append, sqlite3.Connection))
        for write in lost:
            if kept is not None and isinstance(write, kept):
                continue
            if isinstance(write, sqlite3.Connection):
                self._connection = write
            elif write.segment in self.segments.contents:
                content = self.segments.contents[write.segment]
                del content[rng.randint(write.size, max(write.size, len(content))) :]
        return len(lost)

    def damage(self, rng: random.Random, *, upto: int) -> str | None:
        """Damage a random row or record up to position ``upto``. Return its description, or None if there is none."""
        records = [(place, batch) for place, batch in self._unfilled() if batch.entries[-1][0] <= upto]
        if records and rng.random() < P_RECORD:
            place, batch = rng.choice(records)
            content = self.segments.contents[place.segment]
            content[place.offset : batch.end] = flipped(bytes(content[place.offset : batch.end]), rng)
            return f"{batch.entries[0][2]} in segment {place.segment}, position {batch.entries[-1][0]}"
        return _damage_random_row(self._connection, rng, upto=upto)

    def damaged(self) -> list[str]:
        """Return the rows and records that are damaged and not repaired yet."""
        records = [f"a batch in segment {place.segment}" for place, batch in self._unfilled() if batch.damaged]
        return [row for _, row in damaged_rows(self._connection)] + records

    def _unfilled(self) -> Iterator[tuple[LogPlace, StoredBatch]]:
        """Yield the batches in the segments that the database lacks, each with the place of its first byte."""
        tables = self.read("SELECT COUNT(*) FROM sqlite_master WHERE name = 'filled'").fetchone()[0]
        filled = (read_filled(self._connection) if tables else None) or NOTHING_FILLED
        for number in self.segments.numbers():
            if number >= filled.segment:
                offset = filled.offset if number == filled.segment else 0
                for batch in read_batches(self.segments.read(number), offset)[0]:
                    yield LogPlace(number, offset), batch
                    offset = batch.end

    @property
    def end(self) -> int:
        """Return the position of the last entry on this disk, or 0."""
        found: int = self.read("SELECT COALESCE(MAX(position), 0) FROM entries").fetchone()[0]
        return max([found, *(batch.entries[-1][0] for _, batch in self._unfilled())])

    def read(self, question: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        """Run a query on the database directly, not through the journal."""
        return self._connection.execute(question, values)

    def copy(self) -> JournalDisk:
        """Return a new disk with a copy of this disk's content."""
        copy = JournalDisk(syncs=True)
        copy.guard.raise_to(self.guard.highest)
        copy.restore(self.backup())
        return copy

    def before_transaction(self) -> None:
        """Called by the journal before each transaction.

        Raises Crash when the process dies here, StorageFailed on a full disk.
        """
        if self.writes_left == 0:
            raise Crash
        if self.full:
            raise StorageFailed("the journal cannot be written: the disk is full")
        if not self.syncs:
            self._unsynced.append(self.backup().connection)

    def after_write(self) -> None:
        """Called after each write that succeeded. Raises Crash when the process dies here."""
        if self.writes_left is not None:
            self.writes_left -= 1
            if self.writes_left == 0:
                raise Crash

    def append(self, segment: int, data: bytes) -> int:
        """Write at the end of a segment; return how many bytes were written: fewer on a full disk.

        Raises Crash when the process dies meanwhile or just afterwards.
        """
        content = self.segments.contents[segment]
        part = data[: zlib.crc32(data) % len(data)]
        if self.full or self.writes_left == 0:
            content += part
            if self.writes_left == 0:
                raise Crash
            return len(part)
        self._unsynced.append(_Append(segment, len(content)))
        content += data
        self.after_write()
        return len(data)

    def sync(self) -> None:
        """Make all appends durable. Transactions of a syncing disk are durable at once."""
        self._unsynced.clear()


class SimulatedSegments(MemorySegments):
    """The segments on a simulated disk."""

    def __init__(self, disk: JournalDisk) -> None:
        super().__init__()
        self._disk = disk

    def create(self, number: int) -> None:
        if self._disk.full:
            raise OSError(errno.ENOSPC, "the disk is full")
        super().create(number)

    def write(self, data: bytes) -> int:
        return self._disk.append(max(self.contents), data)

    def sync(self) -> None:
        self._disk.sync()

    def make_durable(self, number: int) -> None:  # noqa: ARG002  # the whole disk syncs at once
        self._disk.sync()

    def truncate(self, size: int) -> None:
        if self._disk.full and size % ONE_CUT_FAILS_IN == 0:
            raise OSError(errno.EIO, "the segment cannot be cut")
        super().truncate(size)


class SimulatedJournal(Journal):
    """The real journal. It calls its disk before and after each transaction."""

    def __init__(self, connection: sqlite3.Connection, disk: JournalDisk) -> None:
        super().__init__(connection, disk.guard, disk.segments, sync=disk.syncs)
        self._disk = disk

    @contextlib.contextmanager
    def writing(self, most_batches: int | None = None) -> Iterator[None]:
        self._disk.before_transaction()
        with super().writing(most_batches):
            yield

    def commit_brought_in(self) -> None:
        """Commit what a read brought in, if anything."""
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")
            count, self._brought_in = self._brought_in, 0
            super()._filled(count)

    def _filled(self, count: int) -> None:
        self._disk.after_write()  # a crash leaves segments that the database has
        super()._filled(count)


def _damage_random_row(connection: sqlite3.Connection, rng: random.Random, *, upto: int) -> str | None:
    """Change the body of a random row up to position ``upto``.

    Return a description of the row, or None if there is none.
    """
    row = random_row(connection, rng, lambda _stream, position: position <= upto)
    if row is None:
        return None
    table, stream, position, body = row
    put_body(connection, table, stream, position, _edited(body) if rng.random() < P_EDITED else flipped(body, rng))
    return f"{stream} in {table}, position {position}"


def _edited(body: bytes) -> bytes:
    """Return the body with another name in it, or with a space appended if it has no name."""
    plain: Any = json.loads(body)
    if isinstance(plain, dict) and "by" in plain:
        return json.dumps({**plain, "by": _OTHER_NAME}).encode()
    return body + b" "
