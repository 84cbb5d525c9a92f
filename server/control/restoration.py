"""What a person can do about the two journals while no server runs: put a backup back, or choose between two histories.

Nothing is deleted: what is replaced goes to ``archive`` in the data folder. An interruption at any point leaves a data
folder on which servers start, with the old log or with the new one, and the same call again goes on.
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
from wire.errors import StorageFailed
from wire.whole_file import sync

RESTORED = "restored"
"""The holder of the office that restored journals obey, until a main server takes the next one."""


def restore(settings: Settings, file: Path) -> Backup:
    """Put a backup in the place of both journals, in an epoch above all that this cluster had.

    Raises NoBackup, and StorageFailed when the file cannot be read or the data folder cannot be written.
    """
    incoming = settings.data / "incoming"
    try:
        shutil.rmtree(incoming, ignore_errors=True)
        incoming.mkdir(parents=True, mode=0o700)
        backup = unpack(file, incoming)
        _raise_epoch(incoming / JOURNAL, pair.known_epoch(settings))
        archive = pair.new_archive(settings)
        # The replica first: as long as main's journal is the old one, it has all that was acknowledged.
        for role in (REPLICATION, MAIN):
            ready = incoming / FOLDERS[role]
            ready.mkdir()
            shutil.copy(incoming / JOURNAL, ready / JOURNAL)
            for path in (ready / JOURNAL, ready):  # before the old one goes: a power cut leaves one that is whole
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
    """Have the journal obey an epoch above its own and a known one. Whatever wrote nothing by then never will."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        journal = Journal(connection)
        journal.drop_empty_terms()
        journal.take_office(Epoch(max(known, journal.office.epoch, journal.last.epoch) + 1, RESTORED))


class NothingToResolve(Exception):
    """One of the two journals has all that the other has: servers go on by themselves."""


def check_resolvable(settings: Settings, keep: str) -> LogId:
    """Where the journal of ``keep`` (MAIN or REPLICATION) ends, if there is something to choose.

    Raises NothingToResolve, and StorageFailed when that journal cannot be read.
    """
    with pair.reading(settings, keep) as journal:
        last = journal.last
    waits = keep == MAIN and not GuardFile.in_file(settings.data / GUARD).allows_alone(last)
    if not waits and pair.relation(settings) is not Relation.DIVERGED:
        raise NothingToResolve("there is nothing to resolve: one of the two journals has all that the other has")
    return last


def resolve(settings: Settings, keep: str) -> Path:
    """Go on with the journal of ``keep`` alone; the folder to which the other one was moved. No server may run.

    Raises as ``check_resolvable`` does.
    """
    last = check_resolvable(settings, keep)
    archive = pair.new_archive(settings)
    guard = GuardFile.in_file(settings.data / GUARD)
    guard.raise_to(LogId(pair.known_epoch(settings), 0))
    if keep == MAIN:
        move_aside(settings.data / FOLDERS[REPLICATION], archive)
        guard.settle(last)
    else:
        move_aside(settings.data / FOLDERS[MAIN], archive)
    return archive
