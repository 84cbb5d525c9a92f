"""The file of a journal: opened, and put aside when it cannot be read.

WAL mode, so that a killed process loses nothing that was committed; ``durability="fsync"`` also syncs every commit, so
that a power cut does not either.
"""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import structlog

from server.entries import START
from server.journal import Journal
from server.log_guard import LogGuard
from wire.errors import StorageFailed

_ASIDE = ".unreadable-"

logger = structlog.get_logger()


def open_journal(file: Path, *, durability: str = "os", guard: LogGuard | None = None) -> Journal:
    """Open a journal; one that cannot be read is put aside, for people to look at, and an empty one takes its place.

    What it had then has to come from the other copy: see ``Journal.lost``. Raises StorageFailed, and puts nothing
    aside, when only the disk refuses (it is full, say): then the journal is as good as it was.
    """
    try:
        journal = Journal(_connect(file, durability), guard)
    except sqlite3.OperationalError as error:
        # What SQLite calls corrupt or no database is a DatabaseError and none of these.
        raise StorageFailed(f"the journal {file.name} cannot be opened: {error}") from error
    except (sqlite3.DatabaseError, IsADirectoryError) as error:
        mark = f"{_ASIDE}{time.time_ns()}"
        for part in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
            if part.exists():
                part.rename(part.with_name(part.name + mark))
        logger.error("a journal cannot be read: it is put aside", why=str(error), mark=mark)
        journal = Journal(_connect(file, durability), guard)
    journal.lost = journal.last == START and any(file.parent.glob(f"{file.name}{_ASIDE}*"))
    return journal


def _connect(file: Path, durability: str) -> sqlite3.Connection:
    file.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {'FULL' if durability == 'fsync' else 'NORMAL'}")
    return connection
