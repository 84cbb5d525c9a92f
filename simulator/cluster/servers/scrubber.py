"""The scrub of a simulated server: the real one, whose rests are timers, on the disk that the journal is on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from server.log.journal.journal import Journal
from server.replication.scrub import Scrub
from simulator.cluster.servers.journals import JournalDisk
from simulator.cluster.servers.rpc import Process

ROWS_PER_S = 10_000


def scrub_now_and_then(
    process: Process,
    journal: Journal,
    disk: JournalDisk,
    *,
    every_s: float,
    relist: Callable[[str], None] | None = None,
) -> None:
    """Read the journal through again and again, ``every_s`` seconds from one time to the next."""
    scrub = Scrub(
        journal,
        lambda: _Reader(disk),  # type: ignore[arg-type,return-value]  # all that a scrub needs of a connection
        rows_per_s=ROWS_PER_S,
        every_s=every_s,
        relist=relist,
        clock=lambda: process.now,
    )
    rests = scrub.rests(lambda: True)

    def go_on() -> None:
        process.set_timer(next(rests), go_on)

    go_on()


class _Reader:
    """A connection to the disk that can be closed while the journal's stays open: a database in memory has one."""

    def __init__(self, disk: JournalDisk) -> None:
        self.execute: Callable[..., sqlite3.Cursor] = disk.read

    def close(self) -> None:
        """Nothing is held."""
