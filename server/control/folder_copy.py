"""Copies the data folder of a running cluster, so that servers can start in the copy.

``docs/operations.md`` has the order in which another tool must copy the files. Here SQLite copies the journals. They
need no common moment: one of them is then the beginning of the other.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from server.control.backup_file import copy_journal
from server.log.journal.pair import FOLDERS, GUARD, JOURNAL, journal_of
from server.runtime.security import KEY_FILE
from server.settings import Settings
from wire import MAIN, REPLICATION
from wire.errors import StorageFailed


def copy_data(settings: Settings, target: Path) -> None:
    """Copy journals, guard file and key into the new folder ``target``, whether servers run or not.

    Raises StorageFailed when a file cannot be read or written, or when ``target`` exists.
    """
    try:
        target.mkdir(mode=0o700, parents=True)
        for name in (KEY_FILE, GUARD):  # the guard before the main server's journal: it must not be ahead of it
            if (settings.data / name).exists():
                shutil.copy(settings.data / name, target / name)
        for role in (MAIN, REPLICATION):
            if (journal := journal_of(settings, role)).exists():
                (target / FOLDERS[role]).mkdir(mode=0o700)
                copy_journal(journal, target / FOLDERS[role] / JOURNAL)
    except FileExistsError as error:
        raise StorageFailed(f"{target} exists: name a new folder") from error
    except OSError as error:
        raise StorageFailed(f"{settings.data} cannot be copied: {error.strerror or error}") from error
