"""A journal that was opened on a full disk, where no other connection can read it: shared once there is room.

A backup and the scrub read journals on connections of their own.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from server.log.journal.file import connect
from server.log.journal.journal import Journal
from server.process.server_process import Node

SHARE_AGAIN_S = 1.0
ROOM_TO_SHARE = 1 << 20
"""Bytes that must be free: the index of a journal's log has 32 KB for each 4,000 pages that were written lately."""


def share_in_background(node: Node, journal: Journal, file: Path) -> None:
    """Share that journal of a server as soon as possible, if it is not shared."""
    durability = node.settings.durability
    if journal.is_alone:
        node.in_background(
            "journal", lambda: share(journal, file, durability=durability, go_on=node.go_on, pause=node.pause)
        )


def share(
    journal: Journal, file: Path, *, durability: str, go_on: Callable[[], bool], pause: Callable[[float], None]
) -> None:
    """Connect a journal anew until others can read it as well, or until ``go_on()`` is false."""

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
