"""The regular work on a simulated journal: the move of appends into SQLite, snapshots and the scrub.

The real parts do the work. Timers replace their threads and pauses.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable

from server.log.journal.compaction import Compactor
from server.log.journal.journal import Journal
from server.replication.scrub import Scrub
from simulator.cluster.servers.journals import JournalDisk
from simulator.cluster.servers.machine import SimulatedLimits
from simulator.cluster.servers.rpc import Process
from wire.errors import StorageFailed

COMPACTION_PAUSE_S = 0.2
FILL_PAUSE_S = 0.15
ROWS_PER_S = 10_000


def maintain_journal(
    process: Process,
    journal: Journal,
    disk: JournalDisk,
    compactor: Compactor,
    limits: SimulatedLimits,
) -> None:
    """Fill SQLite, take the snapshots that are due, and scrub the journal if the limits say so. Repeats."""
    _fill(process, journal)
    _compact(process, compactor)
    if limits.scrub_every_s is not None:
        _scrub(process, journal, disk, limits.scrub_every_s)


def _fill(process: Process, journal: Journal) -> None:
    with contextlib.suppress(StorageFailed):  # the disk is full: retried at the next round
        journal.fill()
    process.set_timer(FILL_PAUSE_S, lambda: _fill(process, journal))


def _compact(process: Process, compactor: Compactor) -> None:
    with contextlib.suppress(StorageFailed):  # the disk is full: retried at the next round
        compactor.compact_some()
    process.set_timer(COMPACTION_PAUSE_S, lambda: _compact(process, compactor))


def _scrub(process: Process, journal: Journal, disk: JournalDisk, every_s: float) -> None:
    scrub = Scrub(
        journal,
        lambda: _Reader(disk),  # type: ignore[arg-type,return-value]  # has all that a scrub uses of a connection
        rows_per_s=ROWS_PER_S,
        every_s=every_s,
        clock=lambda: process.now,
    )
    pauses = scrub.pauses(lambda: True)

    def go_on() -> None:
        process.set_timer(next(pauses), go_on)

    go_on()


class _Reader:
    """A connection that can be closed while the journal's stays open.

    An in-memory database has only one real connection.
    """

    def __init__(self, disk: JournalDisk) -> None:
        self.execute: Callable[..., sqlite3.Cursor] = disk.read

    def close(self) -> None:
        """Do nothing: this object holds no resource."""
