"""Operations on the two journals while no server runs: restore a backup, or choose one of two diverged logs.

Nothing is deleted: a replaced file moves to ``archive`` in the data folder. After an interruption at any point, servers
can start on the data folder, with the old log or the new one. The same call again completes the work.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from server.control.backup_file import Backup, unpack
from server.log.entries import Epoch, LogId
from server.log.journal import pair
from server.log.journal.guard_file import GuardFile
from server.log.journal.journal import Journal
from server.log.journal.pair import FOLDERS, GUARD, JOURNAL, Relation, move_aside
from server.runtime.security import KEY_FILE
from server.settings import Settings
from wire import MAIN, REPLICATION
from wire.atomic_files import sync
from wire.errors import StorageFailed

RESTORED = "restored"
"""The holder in the epoch of restored journals, until a main server takes a higher epoch."""


def restore(settings: Settings, file: Path) -> Backup:
    """Replace both journals by a backup, in an epoch above every epoch of this cluster.

    Raises NoBackup. Raises StorageFailed when the file cannot be read or the data folder cannot be written.
    """
    incoming = settings.data / "incoming"
    try:
        shutil.rmtree(incoming, ignore_errors=True)
        incoming.mkdir(parents=True, mode=0o700)
        backup = unpack(file, incoming)
        _raise_epoch(incoming / JOURNAL, pair.known_epoch(settings))
        archive = pair.new_archive(settings)
        # The replica first: while the main server's journal is the old one, it has everything that was acknowledged.
        for role in (REPLICATION, MAIN):
            ready = incoming / FOLDERS[role]
            ready.mkdir()
            shutil.copy(incoming / JOURNAL, ready / JOURNAL)
            for path in (ready / JOURNAL, ready):  # before the old one moves: after a power cut one is whole
                sync(path)
            move_aside(settings.data / FOLDERS[role], archive)
            ready.rename(settings.data / FOLDERS[role])
            sync(settings.data)
        move_aside(settings.data / GUARD, archive)
        if (incoming / KEY_FILE).exists():
            sync(incoming / KEY_FILE)
            move_aside(settings.data / KEY_FILE, archive)
            (incoming / KEY_FILE).rename(settings.data / KEY_FILE)
        sync(settings.data)
    except OSError as error:
        raise StorageFailed(f"{settings.data} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
    return backup


def _raise_epoch(file: Path, known: int) -> None:
    """Have the journal obey an epoch above its own and ``known``: earlier primaries can never write to it again."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        journal = Journal(connection)
        journal.store_epoch(Epoch(max(known, journal.epoch.number, journal.last.epoch) + 1, RESTORED))


class NothingToResolve(Exception):
    """One of the two journals has everything that the other has: servers can start without a choice."""


def check_resolvable(settings: Settings, keep: str) -> LogId:
    """Return the last log id of the journal of ``keep`` (MAIN or REPLICATION), if there is a choice.

    Raises NothingToResolve, and StorageFailed when that journal cannot be read.
    """
    with pair.reading(settings, keep) as journal:
        last = journal.last
    waits = keep == MAIN and not GuardFile.in_file(settings.data / GUARD).allows_alone(last)
    if not waits and pair.relation(settings) is not Relation.DIVERGED:
        raise NothingToResolve("there is nothing to resolve: one of the two journals has all that the other has")
    return last


def resolve(settings: Settings, keep: str) -> Path:
    """Keep only the journal of ``keep``; return the folder to which the other one was moved. No server may run.

    Raises the errors of ``check_resolvable``.
    """
    last = check_resolvable(settings, keep)
    archive = pair.new_archive(settings)
    guard = GuardFile.in_file(settings.data / GUARD)
    guard.raise_to(LogId(pair.known_epoch(settings), 0))
    if keep == MAIN:
        move_aside(settings.data / FOLDERS[REPLICATION], archive)
        guard.complete_at(last)
    else:
        move_aside(settings.data / FOLDERS[MAIN], archive)
    return archive
