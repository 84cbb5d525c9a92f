"""The two journals of a data folder, read from outside, whether servers run or not: which of them has all.

For backups and for what a person decides. Servers open their own journal with ``file``.
"""

from __future__ import annotations

import contextlib
import enum
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from server.log.journal.journal import Journal
from server.settings import Settings
from wire import MAIN, REPLICATION
from wire.errors import StorageFailed

JOURNAL = "journal.db"
GUARD = "main.guard"
FOLDERS = {MAIN: "main", REPLICATION: "replication"}


class Relation(enum.Enum):
    """Which of the two journals has all that the other has."""

    MAIN_HAS_ALL = "main has all"
    REPLICA_HAS_ALL = "the replica has all"
    DIVERGED = "diverged"


class NoJournal(StorageFailed):
    """There is no journal of that role, or what is there is none any more: nothing can be read from it, ever."""


@contextlib.contextmanager
def reading(settings: Settings, role: str) -> Iterator[Journal]:
    """The journal of a role. Raises NoJournal, and StorageFailed when it cannot be read at this moment."""
    file = journal_of(settings, role)
    if not file.exists():
        raise NoJournal(f"there is no journal {file}")
    try:
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
            yield Journal(connection)
    except sqlite3.OperationalError as error:  # a server has it for itself, say: what it has is not known
        raise StorageFailed(f"the journal {file} cannot be read: {error}") from error
    except sqlite3.Error as error:
        raise NoJournal(f"the journal {file} cannot be read: {error}") from error


def journal_of(settings: Settings, role: str) -> Path:
    """The file of a role's journal."""
    return settings.data / FOLDERS[role] / JOURNAL


def relation(settings: Settings) -> Relation:
    """Which journal has all; one that is not there, or is none any more, has nothing. Raises NoJournal when neither is
    there, StorageFailed when one cannot be read at this moment.
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
    """The highest epoch that either journal has seen. Raises StorageFailed when one cannot be read at this moment."""
    epochs = [0]
    for role in (MAIN, REPLICATION):
        with contextlib.suppress(NoJournal), reading(settings, role) as journal:
            epochs += [journal.office.epoch, journal.last.epoch]
    return max(epochs)


def new_archive(settings: Settings) -> Path:
    """A folder for what is moved aside now."""
    archive = settings.data / "archive" / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09d}"
    archive.mkdir(parents=True, mode=0o700)
    return archive


def move_aside(path: Path, archive: Path) -> None:
    """Move a file or folder into an archive, if it is there."""
    if path.exists():
        path.rename(archive / path.name)
