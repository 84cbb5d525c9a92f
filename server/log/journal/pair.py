"""Read the two journals of a data folder from outside, and find which has all entries.

Works whether servers run or not. Backups use it, and commands with which a person repairs a cluster. Servers open their
own journal with ``file``.
"""

from __future__ import annotations

import contextlib
import enum
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from server.log.append_log.segments import MemorySegments, SegmentFolder
from server.log.journal.file import segments_of
from server.log.journal.journal import Journal
from server.settings import Settings
from wire import MAIN, REPLICATION
from wire.errors import StorageFailed

JOURNAL = "journal.db"
GUARD = "main.guard"
FOLDERS = {MAIN: "main", REPLICATION: "replication"}


class Relation(enum.Enum):
    """Which of the two journals has all entries of the other."""

    MAIN_HAS_ALL = "main has all"
    REPLICA_HAS_ALL = "the replica has all"
    DIVERGED = "diverged"


class NoJournal(StorageFailed):
    """The role has no journal, or its file is not a readable journal. A retry cannot help."""


@contextlib.contextmanager
def reading(settings: Settings, role: str) -> Iterator[Journal]:
    """Open the journal of a role to look at; a server may write to it.

    Raises NoJournal, or StorageFailed when it cannot be read at this moment.
    """
    file = journal_of(settings, role)
    if not file.exists():
        raise NoJournal(f"there is no journal {file}")
    segments = copied_segments(file)  # before the database: see ``MemorySegments.copy_of``
    try:
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
            yield Journal(connection, segments=segments, owned=False)
    # for example, a server holds the file exclusively: its content is unknown
    except sqlite3.OperationalError as error:
        raise StorageFailed(f"the journal {file} cannot be read: {error}") from error
    except sqlite3.Error as error:
        raise NoJournal(f"the journal {file} cannot be read: {error}") from error


def copied_segments(file: Path) -> MemorySegments:
    """Return the segments of a journal as they are now. Raises StorageFailed."""
    try:
        return MemorySegments.copy_of(SegmentFolder(segments_of(file)))
    except OSError as error:
        raise StorageFailed(f"the journal {file} cannot be read: {error.strerror or error}") from error


def journal_of(settings: Settings, role: str) -> Path:
    """Return the file of a role's journal."""
    return settings.data / FOLDERS[role] / JOURNAL


def relation(settings: Settings) -> Relation:
    """Compare the two journals. A missing file, or a file that is no journal, counts as empty.

    Raises NoJournal when there is no journal at all, and StorageFailed when a journal cannot be read at this moment.
    """
    with contextlib.ExitStack() as stack:
        found: dict[str, Journal] = {}
        problems: list[str] = []
        for role in (MAIN, REPLICATION):
            try:
                found[role] = stack.enter_context(reading(settings, role))
            except NoJournal as error:
                problems.append(error.message)
        if not found:
            raise NoJournal("; ".join(problems))
        main, replica = found.get(MAIN), found.get(REPLICATION)
        if replica is None or (main is not None and main.terms.contain(replica.end, main.last)):
            return Relation.MAIN_HAS_ALL
        if main is None or replica.terms.contain(main.end, replica.last):
            return Relation.REPLICA_HAS_ALL
        return Relation.DIVERGED


def known_epoch(settings: Settings) -> int:
    """Return the highest epoch in either journal. Raises StorageFailed when a journal cannot be read at this moment."""
    epochs = [0]
    for role in (MAIN, REPLICATION):
        with contextlib.suppress(NoJournal), reading(settings, role) as journal:
            epochs += [journal.epoch.number, journal.last.epoch]
    return max(epochs)


def new_archive(settings: Settings) -> Path:
    """Create a folder for files that are moved aside now."""
    archive = settings.data / "archive" / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09d}"
    archive.mkdir(parents=True, mode=0o700)
    return archive


def move_aside(path: Path, archive: Path) -> None:
    """Move a file or folder into an archive folder, if it exists."""
    if path.exists():
        path.rename(archive / path.name)
