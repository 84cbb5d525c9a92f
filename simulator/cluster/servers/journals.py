"""Journals on simulated disks: the real ``Journal`` on a database in memory that outlives the process.

A write can be the last thing a process does (it is killed just before, or just after, the write counts), a disk can be
full for a while, a power cut can take the last writes of a disk that does not sync, and rows can be damaged.
"""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections import deque
from collections.abc import Iterator

from server.log.journal.guard_file import GuardFile
from server.log.journal.journal import Journal
from server.log.journal.rows import as_text
from simulator.cluster.servers.disk_damage import damage_a_row
from simulator.engine.simulation import Crash
from verify.testbed.row_damage import damaged_rows
from wire.errors import StorageFailed

KEPT_IMAGES = 4


def _database() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.text_factory = as_text
    return connection


class JournalDisk:
    """The disk under one role's journal."""

    def __init__(self, *, syncs: bool) -> None:
        """``syncs``: every transaction is synced; else a power cut may take the last few."""
        self.full = False
        self.writes_to_live: int | None = None
        """With 0 the next write is not carried out and the process dies; with 1 it dies just after it, and so on."""
        self.guard = GuardFile()
        self._connection = _database()
        self._images: deque[sqlite3.Connection] | None = None if syncs else deque(maxlen=KEPT_IMAGES)

    def journal(self) -> SimulatedJournal:
        """The journal as the next process opens it."""
        self.writes_to_live = None
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        return SimulatedJournal(self._connection, self)

    def image(self) -> sqlite3.Connection:
        """A backup of the journal as it is now."""
        image = _database()
        self._connection.backup(image)
        return image

    def put_back(self, image: sqlite3.Connection) -> None:
        """Somebody replaces the journal by a backup of it."""
        self._connection = image
        if self._images is not None:
            self._images.clear()

    def lose(self) -> None:
        """The disk is gone, a new empty one takes its place."""
        self.guard = GuardFile()
        self._connection = _database()
        if self._images is not None:
            self._images.clear()

    def lose_last_writes(self, count: int) -> int:
        """A power cut: up to that many of the last transactions are missing. How many there were to lose."""
        lost = 0
        while self._images and lost < count:
            self._connection = self._images.pop()
            lost += 1
        return lost

    def damage(self, chance: random.Random, *, upto: int) -> str | None:
        """Damage a row of no later position than that; which one, None if there is none."""
        return damage_a_row(self._connection, chance, upto=upto)

    def damaged(self) -> list[str]:
        """The rows that are damaged, and not mended yet."""
        return [row for _, row in damaged_rows(self._connection)]

    @property
    def end(self) -> int:
        """The position of the last entry that is here."""
        found: int = self.read("SELECT COALESCE(MAX(position), 0) FROM entries").fetchone()[0]
        return found

    def read(self, question: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        """What is on the disk, past the journal."""
        return self._connection.execute(question, values)

    def twin(self) -> JournalDisk:
        """A disk with a copy of all that is on this one."""
        twin = JournalDisk(syncs=True)
        twin.guard.raise_to(self.guard.highest)
        self._connection.backup(twin._connection)
        return twin

    def before_write(self) -> None:
        """Told by the journal."""
        if self.writes_to_live == 0:
            raise Crash
        if self.full:
            raise StorageFailed("the journal cannot be written: the disk is full")
        if self._images is not None:
            self._images.append(self.image())

    def after_write(self) -> None:
        """Told by the journal."""
        if self.writes_to_live is not None:
            self.writes_to_live -= 1
            if self.writes_to_live == 0:
                raise Crash


class SimulatedJournal(Journal):
    """The real journal, whose disk hears of each write."""

    def __init__(self, connection: sqlite3.Connection, disk: JournalDisk) -> None:
        super().__init__(connection, disk.guard)
        self._disk = disk

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        self._disk.before_write()
        with super().writing():
            yield
        self._disk.after_write()
