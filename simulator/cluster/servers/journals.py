"""Journals on simulated disks: the real ``Journal`` on an in-memory database that outlives the process.

A process can be killed just before or just after a write counts. A disk can be full for a while, and rows can be
damaged. A power cut can remove the last writes of a disk that does not sync.
"""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
from collections import deque
from collections.abc import Iterator
from typing import Any

from server.log.journal.guard_file import GuardFile
from server.log.journal.journal import Journal
from server.log.journal.rows import as_text
from simulator.engine.simulation import Crash
from verify.testbed.row_damage import BODIES, damaged_rows, flipped, put_body, rows_of
from wire.errors import StorageFailed

KEPT_BACKUPS = 4
P_EDITED = 0.4
"""The probability of an edit instead of a flipped bit. An edited event is still readable, but it is not what
happened."""
_OTHER_NAME = "mallory"


def _database() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.text_factory = as_text
    return connection


class JournalDisk:
    """The disk of one role's journal."""

    def __init__(self, *, syncs: bool) -> None:
        """``syncs``: whether each transaction is synced. Otherwise a power cut may remove the last few."""
        self.full = False
        self.writes_left: int | None = None
        """How many more writes succeed. At 0 the process dies before the next write; at 1 it dies just after it. None:
        no limit."""
        self.guard = GuardFile()
        self._connection = _database()
        # Copies before each of the last unsynced transactions, oldest first. None if every transaction is synced.
        self._backups: deque[sqlite3.Connection] | None = None if syncs else deque(maxlen=KEPT_BACKUPS)

    def journal(self) -> SimulatedJournal:
        """Open the journal for a new process. An open transaction is rolled back."""
        self.writes_left = None
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        return SimulatedJournal(self._connection, self)

    def backup(self) -> sqlite3.Connection:
        """Return a backup of the journal as it is now."""
        backup = _database()
        self._connection.backup(backup)
        return backup

    def restore(self, backup: sqlite3.Connection) -> None:
        """Replace the journal by a backup, as an operator does."""
        self._connection = backup
        if self._backups is not None:
            self._backups.clear()

    def lose(self) -> None:
        """Replace the disk by a new empty one."""
        self.guard = GuardFile()
        self._connection = _database()
        if self._backups is not None:
            self._backups.clear()

    def lose_last_writes(self, count: int) -> int:
        """Remove up to ``count`` of the last transactions, as a power cut does. Return how many were removed."""
        lost = 0
        while self._backups and lost < count:
            self._connection = self._backups.pop()
            lost += 1
        return lost

    def damage(self, rng: random.Random, *, upto: int) -> str | None:
        """Damage a random row up to position ``upto``. Return a description of the row, or None if there is none."""
        return _damage_random_row(self._connection, rng, upto=upto)

    def damaged(self) -> list[str]:
        """Return the rows that are damaged and not repaired yet."""
        return [row for _, row in damaged_rows(self._connection)]

    @property
    def end(self) -> int:
        """Return the position of the last entry on this disk, or 0."""
        found: int = self.read("SELECT COALESCE(MAX(position), 0) FROM entries").fetchone()[0]
        return found

    def read(self, question: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        """Run a query on the database directly, not through the journal."""
        return self._connection.execute(question, values)

    def copy(self) -> JournalDisk:
        """Return a new disk with a copy of this disk's content."""
        copy = JournalDisk(syncs=True)
        copy.guard.raise_to(self.guard.highest)
        self._connection.backup(copy._connection)
        return copy

    def before_write(self) -> None:
        """Called by the journal before each transaction.

        Raises Crash when the process dies here, StorageFailed on a full disk.
        """
        if self.writes_left == 0:
            raise Crash
        if self.full:
            raise StorageFailed("the journal cannot be written: the disk is full")
        if self._backups is not None:
            self._backups.append(self.backup())

    def after_write(self) -> None:
        """Called by the journal after each transaction. Raises Crash when the process dies here."""
        if self.writes_left is not None:
            self.writes_left -= 1
            if self.writes_left == 0:
                raise Crash


class SimulatedJournal(Journal):
    """The real journal. It calls its disk before and after each transaction."""

    def __init__(self, connection: sqlite3.Connection, disk: JournalDisk) -> None:
        super().__init__(connection, disk.guard)
        self._disk = disk

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        self._disk.before_write()
        with super().writing():
            yield
        self._disk.after_write()


def _damage_random_row(connection: sqlite3.Connection, rng: random.Random, *, upto: int) -> str | None:
    """Change the body of a random row up to position ``upto``.

    Return a description of the row, or None if there is none.
    """
    found = {table: [row for row in rows_of(connection, table) if row[1] <= upto] for table in BODIES}
    tables = [table for table, rows in found.items() if rows]
    if not tables:
        return None
    table = rng.choice(tables)
    stream, position, body = rng.choice(found[table])
    put_body(connection, table, stream, position, _edited(body) if rng.random() < P_EDITED else flipped(body, rng))
    return f"{stream} in {table}, position {position}"


def _edited(body: bytes) -> bytes:
    """Return the body with another name in it, or with a space appended if it has no name."""
    plain: Any = json.loads(body)
    if isinstance(plain, dict) and "by" in plain:
        return json.dumps({**plain, "by": _OTHER_NAME}).encode()
    return body + b" "
