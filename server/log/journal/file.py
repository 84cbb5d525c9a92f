"""The file of a journal: opened, and put aside when it cannot be read.

WAL mode, so that a killed process loses nothing that was committed; ``durability="fsync"`` also syncs every commit, so
that a power cut does not either.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import structlog

from server.log.entries import START
from server.log.journal.guard_file import GuardFile
from server.log.journal.journal import Journal
from server.log.journal.schema import prepare
from server.runtime.retries import Retries
from wire.errors import StorageFailed

OPEN_AGAIN_S = 0.5
_ASIDE = ".unreadable-"
_HEADER = 100
"""Bytes of the header of SQLite's file format: the page size at 16, the number of pages at 28."""

logger = structlog.get_logger()


def open_journal(file: Path, *, durability: str = "os", guard: GuardFile | None = None) -> Journal:
    """Open a journal; one that cannot be read is put aside, for people to look at, and an empty one takes its place.

    What it had then has to come from the other copy: see ``Journal.lost``. Raises StorageFailed, and puts nothing
    aside, when only the disk refuses (it is full, say): then the journal is as good as it was. One that is there can be
    read all the same, as long as nothing has to be made anew for that.
    """
    try:
        if _condemned(file).exists():
            raise sqlite3.DatabaseError("it could not be read while it was in use")
        journal = _opened(file, durability, guard)
    except sqlite3.OperationalError as error:
        # What SQLite calls corrupt or no database is a DatabaseError and none of these.
        raise StorageFailed(f"the journal {file.name} cannot be opened: {error}") from error
    except (sqlite3.DatabaseError, IsADirectoryError) as error:
        mark = f"{_ASIDE}{time.time_ns()}"
        for part in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
            if part.exists():
                part.rename(part.with_name(part.name + mark))
        _condemned(file).unlink(missing_ok=True)
        logger.error("a journal cannot be read: it is put aside", why=str(error), mark=mark)
        journal = _opened(file, durability, guard)
    except OSError as error:
        raise StorageFailed(f"the journal {file.name} cannot be opened: {error.strerror or error}") from error
    journal.lost = journal.last == START and any(file.parent.glob(f"{file.name}{_ASIDE}*"))
    return journal


def condemn(file: Path) -> None:
    """Have the next start put this journal aside: SQLite cannot read it any more. Raises OSError."""
    _condemned(file).touch()


def reader(file: Path) -> sqlite3.Connection:
    """A connection to a journal that only reads. Raises sqlite3.Error."""
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    prepare(connection)
    return connection


def _condemned(file: Path) -> Path:
    return file.with_name(f"{file.name}.condemned")


def _check_length(file: Path) -> None:
    """Raise DatabaseError for a file that is shorter than it says. SQLite opens one that was cut, and misses what is
    gone only where it reads.

    This process must not have a connection to the file: to close it here would give up the locks of all that it has
    (fcntl(2); sqlite.org/howtocorrupt.html, 2.2), and another process that closes it next would take itself for the
    last one, and remove the write-ahead log that the server writes to.
    """
    if _is_short(file):
        # A process that is killed while it moves pages leaves such a file, and the pages in the write-ahead log.
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            try:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.OperationalError:
                return  # on a full disk: what is missing from the log, too, shows where it is read
        if _is_short(file):
            raise sqlite3.DatabaseError("the file is shorter than it was")


def _is_short(file: Path) -> bool:
    with file.open("rb") as opened:
        header = opened.read(_HEADER)
    if len(header) < _HEADER:
        return False
    page_size = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    return file.stat().st_size < pages * (65536 if page_size == 1 else page_size)


def open_when_possible(
    open_it: Callable[[], Journal], attempts: Retries, *, go_on: Callable[[], bool], pause: Callable[[float], None]
) -> Journal | None:
    """Open a journal, again and again while the disk refuses; None if ``go_on()`` became false meanwhile."""
    while go_on():
        try:
            journal = open_it()
        except StorageFailed as error:
            attempts.failed(error)
            pause(OPEN_AGAIN_S)
        else:
            attempts.succeeded()
            return journal
    return None


def _opened(file: Path, durability: str, guard: GuardFile | None) -> Journal:
    file.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    try:
        return _journal(connect(file, durability, alone=False), guard)
    except sqlite3.OperationalError:
        # A full disk has no room for the index that processes share. A server can do without that for a while.
        journal = _journal(connect(file, durability, alone=True), guard)
        journal.is_alone = True
        return journal


def _journal(connection: sqlite3.Connection, guard: GuardFile | None) -> Journal:
    try:
        return Journal(connection, guard)
    except BaseException:
        connection.close()  # else it would keep the file locked
        raise


def connect(file: Path, durability: str, *, alone: bool) -> sqlite3.Connection:
    """A new connection; ``alone``: no other can read the file then, and the index of its log is in memory."""
    _check_length(file)
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    try:
        if alone:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if durability == 'fsync' else 'NORMAL'}")
        connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()  # needs the index
    except BaseException:
        connection.close()
        raise
    return connection
