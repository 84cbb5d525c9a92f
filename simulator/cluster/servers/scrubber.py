"""The scrub of a simulated server: the real one, with timers as its pauses, on the simulated disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from server.log.journal.journal import Journal
from server.replication.scrub import Scrub
from simulator.cluster.servers.journals import JournalDisk
from simulator.cluster.servers.rpc import Process

ROWS_PER_S = 10_000


def scrub_periodically(
    process: Process,
    journal: Journal,
    disk: JournalDisk,
    *,
    every_s: float,
    relist: Callable[[str], None] | None = None,
) -> None:
    """Read the journal through repeatedly. ``every_s`` is the interval between two beginnings, in seconds."""
    scrub = Scrub(
        journal,
        lambda: _Reader(disk),  # type: ignore[arg-type,return-value]  # has all that a scrub uses of a connection
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
    """A connection that can be closed while the journal's stays open.

    An in-memory database has only one real connection.
    """

    def __init__(self, disk: JournalDisk) -> None:
        self.execute: Callable[..., sqlite3.Cursor] = disk.read

    def close(self) -> None:
        """Do nothing: this object holds no resource."""
