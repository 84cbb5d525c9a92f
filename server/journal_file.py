"""The file of a journal: opened, and put aside when it cannot be read.

WAL mode, so that a killed process loses nothing that was committed; ``durability="fsync"`` also syncs every commit, so
that a power cut does not either.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from server.entries import START
from server.journal import Journal
from server.log_guard import LogGuard
from server.retries import Retries
from wire.errors import StorageFailed

OPEN_AGAIN_S = 0.5
_ASIDE = ".unreadable-"

logger = structlog.get_logger()


def open_journal(file: Path, *, durability: str = "os", guard: LogGuard | None = None) -> Journal:
    """Open a journal; one that cannot be read is put aside, for people to look at, and an empty one takes its place.

    What it had then has to come from the other copy: see ``Journal.lost``. Raises StorageFailed, and puts nothing
    aside, when only the disk refuses (it is full, say): then the journal is as good as it was. One that is there can be
    read all the same, as long as nothing has to be made anew for that.
    """
    try:
        journal = _opened(file, durability, guard)
    except sqlite3.OperationalError as error:
        # What SQLite calls corrupt or no database is a DatabaseError and none of these.
        raise StorageFailed(f"the journal {file.name} cannot be opened: {error}") from error
    except (sqlite3.DatabaseError, IsADirectoryError) as error:
        mark = f"{_ASIDE}{time.time_ns()}"
        for part in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
            if part.exists():
                part.rename(part.with_name(part.name + mark))
        logger.error("a journal cannot be read: it is put aside", why=str(error), mark=mark)
        journal = _opened(file, durability, guard)
    except OSError as error:
        raise StorageFailed(f"the journal {file.name} cannot be opened: {error.strerror or error}") from error
    journal.lost = journal.last == START and any(file.parent.glob(f"{file.name}{_ASIDE}*"))
    return journal


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


def _opened(file: Path, durability: str, guard: LogGuard | None) -> Journal:
    file.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    try:
        return _connected(file, durability, guard, alone=False)
    except sqlite3.OperationalError:
        # A full disk has no room for the index that processes share. Only this process uses the journal.
        return _connected(file, durability, guard, alone=True)


def _connected(file: Path, durability: str, guard: LogGuard | None, *, alone: bool) -> Journal:
    """A journal on a new connection; ``alone``: no other process can open it then, and its index is in memory."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    try:
        if alone:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if durability == 'fsync' else 'NORMAL'}")
        return Journal(connection, guard)
    except BaseException:
        connection.close()  # else it would keep the file locked
        raise
