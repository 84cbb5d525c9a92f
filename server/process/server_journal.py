"""A server's journal: opened, filled, shared with other readers, and put aside if it cannot be read."""

from __future__ import annotations

from pathlib import Path

import structlog

from server.log.journal.file import condemn, open_journal, share
from server.log.journal.guard_file import GuardFile
from server.log.journal.journal import Journal
from server.log.journal.pair import journal_of
from server.process.server_process import ServerProcess
from server.runtime.retries import Retries

FILL_PAUSE_S = 0.1
OPEN_AGAIN_S = 0.5
"""Seconds until the next attempt to open a journal that the disk refuses."""

logger = structlog.get_logger()


def open_journal_of(process: ServerProcess, guard: GuardFile | None = None) -> Journal:
    """Open the journal of that server's role, and start the thread that fills its database. Raises StorageFailed.

    On a full disk no other process can read the journal. A background thread shares it as soon as there is space.
    """
    file, durability = journal_of(process.settings, process.role), process.settings.durability
    journal = open_journal(file, durability=durability, guard=guard)
    journal.on_unreadable = lambda why: _end_unreadable(process, file, why)
    filling = process.retries["filling"] = Retries("append log not moved into the database")
    process.repeat("filler", journal.fill, FILL_PAUSE_S, filling)
    if journal.is_alone:
        process.in_background(
            "journal", lambda: share(journal, file, durability=durability, go_on=process.go_on, pause=process.pause)
        )
    return journal


def _end_unreadable(process: ServerProcess, file: Path, why: str) -> None:
    """End the server. The next start puts the journal aside, and fetches its content from the other copy."""
    try:
        condemn(file)
    except OSError as error:
        logger.error("journal not marked as unreadable", why=str(error))
    process.step_down(f"the journal cannot be read: {why}")
