"""Copies the data folder of a running cluster, so that servers can start in the copy.

The order is what makes the copy usable, for other tools too:

1. ``main.guard``, before the main server's journal: it must not be ahead of it.
2. The segments of a journal, before its database: a server deletes a segment only after the database has it.
3. The database, then its write-ahead log. This is consistent if the write-ahead log was not begun again meanwhile: then
   everything that moved into the database is also in the log. The header of the log changes when it begins again. A
   read transaction keeps it from that, except for the first time.

The two journals need no common moment: one of them is then the beginning of the other.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from server.log.journal.file import reader, segments_of
from server.log.journal.pair import FOLDERS, GUARD, JOURNAL
from server.runtime.security import KEY_FILE
from server.settings import Settings
from wire import MAIN, REPLICATION
from wire.errors import StorageFailed

MOST_TRIES = 5
_HEADER = 32
"""Bytes of the header in SQLite's write-ahead log. It has a new salt each time the log begins again."""
_COPY = "import shutil, sys; [shutil.copyfile(*pair) for pair in zip(sys.argv[1::2], sys.argv[2::2])]"


def copy_data(settings: Settings, target: Path) -> None:
    """Copy journals, guard file and key into the new folder ``target``, whether servers run or not.

    Raises StorageFailed when a file cannot be read or written, or when ``target`` exists.
    """
    try:
        target.mkdir(mode=0o700, parents=True)
        for name in (KEY_FILE, GUARD):
            if (settings.data / name).exists():
                shutil.copy(settings.data / name, target / name)
        for role in (MAIN, REPLICATION):
            if (settings.data / FOLDERS[role] / JOURNAL).exists():
                _copy_journal(settings.data / FOLDERS[role], target / FOLDERS[role])
    except FileExistsError as error:
        raise StorageFailed(f"{target} exists: name a new folder") from error
    except OSError as error:
        raise StorageFailed(f"{settings.data} cannot be copied: {error.strerror or error}") from error
    except (sqlite3.Error, subprocess.CalledProcessError) as error:
        raise StorageFailed(f"{settings.data} cannot be copied: {error}") from error


def _copy_journal(source: Path, target: Path) -> None:
    target.mkdir(mode=0o700)
    segments = segments_of(target / JOURNAL)
    segments.mkdir(mode=0o700)
    for segment in sorted(segments_of(source / JOURNAL).glob("*.log")):
        with contextlib.suppress(FileNotFoundError):  # the database has it since
            shutil.copy(segment, segments / segment.name)
    with _held(source / JOURNAL):
        for _ in range(MOST_TRIES):
            if _copy_database(source / JOURNAL, target / JOURNAL):
                return
    raise StorageFailed(f"{source / JOURNAL} changes too fast to be copied; try again")


@contextlib.contextmanager
def _held(file: Path) -> Iterator[None]:
    """Hold a read transaction."""
    with contextlib.closing(reader(file)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        yield


def _copy_database(source: Path, target: Path) -> bool:
    """Copy a database and its write-ahead log; return whether the log was not begun again meanwhile."""
    log, log_copy = (file.with_name(f"{file.name}-wal") for file in (source, target))
    before = _header(log)
    # In another process: this one would give up its locks by closing the file (sqlite.org/howtocorrupt.html, 2.2).
    files = [source, target, log, log_copy] if log.exists() else [source, target]
    subprocess.run([sys.executable, "-I", "-c", _COPY, *files], check=True, capture_output=True)
    return before == _header(log) == _header(log_copy)


def _header(log: Path) -> bytes:
    try:
        with log.open("rb") as opened:
            return opened.read(_HEADER)
    except FileNotFoundError:
        return b""
