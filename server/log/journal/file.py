"""Open a journal's file, put it aside when it cannot be read, and share it after a start on a full disk.

A journal is a database and a folder of segments. The database is in WAL mode, so a killed process loses nothing that
was committed. With ``durability="fsync"`` every append and every commit is also synced, so a power cut loses nothing
either.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import structlog

from server.log.append_log.segments import SegmentFolder
from server.log.entries import START
from server.log.journal.guard_file import GuardFile
from server.log.journal.journal import Journal
from server.log.journal.schema import prepare
from wire.errors import StorageFailed

SHARE_AGAIN_S = 1.0
ROOM_TO_SHARE = 1 << 20
"""Bytes that must be free. The WAL index needs 32 KB for each 4,000 pages that were written lately."""
_ASIDE = ".unreadable-"
_HEADER = 100
"""Bytes of the header in SQLite's file format. The page size is at offset 16, the number of pages at 28."""

logger = structlog.get_logger()


def open_journal(file: Path, *, durability: str = "os", guard: GuardFile | None = None) -> Journal:
    """Open a journal that no other process writes to. An unreadable file is put aside for people to look at, and an
    empty journal replaces it.

    The lost data must then come from the other copy: see ``Journal.lost``.

    Raises StorageFailed when only the disk refuses, for example because it is full. Then nothing is put aside, because
    the journal is as good as before. An existing journal opens on a full disk too, if that needs no new file or table.
    """
    try:
        if _condemned(file).exists():
            raise sqlite3.DatabaseError("it could not be read while it was in use")
        journal = _opened(file, durability, guard)
    except sqlite3.OperationalError as error:
        # A corrupt file, or a file that is no database, is a DatabaseError but not an OperationalError.
        raise StorageFailed(f"the journal {file.name} cannot be opened: {error}") from error
    except (sqlite3.DatabaseError, IsADirectoryError) as error:
        mark = f"{_ASIDE}{time.time_ns()}"
        for part in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm"), segments_of(file)):
            if part.exists():
                part.rename(part.with_name(part.name + mark))
        _condemned(file).unlink(missing_ok=True)
        logger.error("unreadable journal put aside", why=str(error), mark=mark)
        journal = _opened(file, durability, guard)
    except OSError as error:
        raise StorageFailed(f"the journal {file.name} cannot be opened: {error.strerror or error}") from error
    journal.lost = journal.last == START and any(file.parent.glob(f"{file.name}{_ASIDE}*"))
    return journal


def segments_of(file: Path) -> Path:
    """Return the folder of a journal's segments."""
    return file.with_suffix(".segments")


def condemn(file: Path) -> None:
    """Mark this journal so that the next start puts it aside: SQLite can no longer read it. Raises OSError."""
    _condemned(file).touch()


def reader(file: Path) -> sqlite3.Connection:
    """Open a read-only connection to a journal. Raises sqlite3.Error."""
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    prepare(connection)
    return connection


def _condemned(file: Path) -> Path:
    return file.with_name(f"{file.name}.condemned")


def _check_length(file: Path) -> None:
    """Raise DatabaseError if the file is shorter than its header states.

    SQLite opens a truncated file and fails only when it reads a missing page.

    This process must have no other connection to the file. Closing the file here would release all POSIX locks of this
    process on it (fcntl(2); sqlite.org/howtocorrupt.html, 2.2). Another process that then closes the file would act as
    the last one. It would remove the write-ahead log that the server still writes to.
    """
    if _is_short(file):
        # A process killed during a checkpoint leaves such a file; the missing pages are still in the write-ahead log.
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            try:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.OperationalError:
                return  # full disk; a page that is missing from the WAL too is found when it is read
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


def _opened(file: Path, durability: str, guard: GuardFile | None) -> Journal:
    file.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    connection, is_alone = connect(file, durability)
    try:
        journal = Journal(connection, guard, SegmentFolder(segments_of(file)), sync=durability == "fsync")
        journal.put_unusable_aside()
    except BaseException:
        connection.close()  # an open connection would keep the file locked
        raise
    journal.is_alone = is_alone
    return journal


def connect(file: Path, durability: str) -> tuple[sqlite3.Connection, bool]:
    """Return a new connection to the file, and whether no other connection can read the file meanwhile.

    A full disk has no room for the WAL index that processes share. A server can work without it for a while.
    """
    try:
        return _connected(file, durability, alone=False), False
    except sqlite3.OperationalError:
        return _connected(file, durability, alone=True), True


def _connected(file: Path, durability: str, *, alone: bool) -> sqlite3.Connection:
    """Return a connection. With ``alone``, no other connection can read the file, and the WAL index is in memory."""
    _check_length(file)
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    try:
        if alone:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if durability == 'fsync' else 'NORMAL'}")
        connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()  # the first read needs the WAL index
    except BaseException:
        connection.close()
        raise
    return connection


def share(
    journal: Journal, file: Path, *, durability: str, go_on: Callable[[], bool], pause: Callable[[float], None]
) -> None:
    """Reconnect a journal that ``is_alone`` until other connections can read it too, or until ``go_on()`` is false.

    A backup and the scrub read journals on their own connections.
    """

    while go_on() and journal.is_alone:
        pause(SHARE_AGAIN_S)
        if shutil.disk_usage(file.parent).free >= ROOM_TO_SHARE:
            journal.reconnect(lambda: connect(file, durability))
