"""A backup of a cluster: one file with the whole log and the cluster's key, made while people play.

It is a tar file with a journal, the key and a description. Because of the key, only its owner may read it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct, convert

from server.log.journal import pair
from server.log.journal.journal import Journal
from server.log.journal.pair import JOURNAL, Relation
from server.runtime.security import KEY_FILE
from server.settings import Settings
from wire import MAIN, REPLICATION
from wire.errors import Diverged, StorageFailed

FORMAT = 1
_DESCRIPTION = "backup.json"
_LONGEST_DESCRIPTION = 10_000


class NoBackup(Exception):
    """The file is not a backup that these servers can read; nothing was changed."""


class Backup(Struct, frozen=True, forbid_unknown_fields=True):
    """The description in a backup: where its log ends, and when it was made (seconds since 1970)."""

    epoch: int
    position: int
    made_at: float
    format: int = FORMAT


def back_up(settings: Settings, file: Path) -> Backup:
    """Write everything that was acknowledged up to now into ``file``, whether servers run or not.

    Raises Diverged when the journals have diverged. Raises StorageFailed when no journal can be read or the file cannot
    be written. Then an older file of that name is unchanged.
    """
    related = pair.relation(settings)
    if related is Relation.DIVERGED:
        raise Diverged("the two journals have diverged: run cluster resolve first")
    source = pair.journal_of(settings, MAIN if related is Relation.MAIN_HAS_ALL else REPLICATION)
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.absolute().parent) as folder:
            work = Path(folder)
            made = copy_journal(source, work / JOURNAL)
            (work / _DESCRIPTION).write_bytes(msgspec.json.encode(made))
            key = settings.data / KEY_FILE
            if key.exists():
                shutil.copyfile(key, work / KEY_FILE)
            _pack(work, (_DESCRIPTION, JOURNAL, KEY_FILE), work / "packed")
            (work / "packed").replace(file)
    except OSError as error:
        raise StorageFailed(f"{file} cannot be written: {error.strerror or error}") from error
    return made


def copy_journal(source: Path, target: Path) -> Backup:
    """Copy a journal as it is at one moment, even while a server writes to it. The copy is a database alone."""
    segments = pair.copied_segments(source)  # before the database: see ``MemorySegments.copy_of``
    try:
        _create(target).close()
        with (
            contextlib.closing(sqlite3.connect(source)) as journal,
            contextlib.closing(sqlite3.connect(target, isolation_level=None)) as copy,
        ):
            journal.backup(copy)
            copied = Journal(copy, segments=segments)
            copied.fill()
            return Backup(*copied.last, made_at=time.time())
    except sqlite3.Error as error:
        raise StorageFailed(f"the journal {source} cannot be copied: {error}") from error


def _create(file: Path) -> IO[bytes]:
    """Create a file that only its owner may read, and open it for writing."""
    return os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")


def _pack(folder: Path, names: tuple[str, ...], target: Path) -> None:
    with _create(target) as output:
        with tarfile.open(fileobj=output, mode="w:gz", compresslevel=1) as packed:
            for name in names:
                if (folder / name).exists():
                    packed.add(folder / name, name)
        output.flush()
        os.fsync(output.fileno())


def unpack(file: Path, folder: Path) -> Backup:
    """Extract the journal of a backup, and its key if it has one, into ``folder``. Raises NoBackup, StorageFailed."""
    try:
        with tarfile.open(file) as packed:
            backup = _describe(packed)
            for name in (JOURNAL, KEY_FILE):
                with contextlib.suppress(KeyError), _member(packed, name) as member, _create(folder / name) as output:
                    shutil.copyfileobj(member, output)
        with contextlib.closing(sqlite3.connect(folder / JOURNAL, isolation_level=None)) as connection:
            if Journal(connection).last != (backup.epoch, backup.position):
                raise NoBackup(f"{file} is damaged: its journal does not end at the position in its description")
    except OSError as error:
        raise StorageFailed(f"{file} cannot be read: {error.strerror or error}") from error
    except (tarfile.TarError, EOFError, KeyError, ValueError, TypeError, sqlite3.Error, msgspec.DecodeError) as error:
        raise NoBackup(f"{file} is not a backup of a cluster, or is damaged: {error}") from error
    return backup


def _describe(packed: tarfile.TarFile) -> Backup:
    with _member(packed, _DESCRIPTION) as member:
        described = msgspec.json.decode(member.read(_LONGEST_DESCRIPTION))
    if described["format"] > FORMAT:
        raise NoBackup(f"the backup has format {described['format']}; these servers read formats up to {FORMAT}")
    return convert(described, Backup)


@contextlib.contextmanager
def _member(packed: tarfile.TarFile, name: str) -> Iterator[IO[bytes]]:
    """Open a file in the archive. Raises KeyError if there is none with that name."""
    member = packed.extractfile(name)
    if member is None:
        raise KeyError(f"{name} is no file")
    with member:
        yield member
