"""Make a journal readable for other connections again after it was opened on a full disk.

A backup and the scrub read journals on their own connections.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from server.log.journal.file import connect
from server.log.journal.journal import Journal

SHARE_AGAIN_S = 1.0
ROOM_TO_SHARE = 1 << 20
"""Bytes that must be free. The WAL index needs 32 KB for each 4,000 pages that were written lately."""


def share(
    journal: Journal, file: Path, *, durability: str, go_on: Callable[[], bool], pause: Callable[[float], None]
) -> None:
    """Reconnect a journal until other connections can read it too, or until ``go_on()`` is false."""

    def reconnected() -> sqlite3.Connection:
        try:
            connection = connect(file, durability, alone=False)
        except sqlite3.OperationalError:
            return connect(file, durability, alone=True)
        journal.is_alone = False
        return connection

    while go_on() and journal.is_alone:
        pause(SHARE_AGAIN_S)
        if shutil.disk_usage(file.parent).free >= ROOM_TO_SHARE:
            journal.reconnect(reconnected)
