"""The regular work of simulated servers: on a journal (fill SQLite, snapshots, scrub), and the sweep of closed rooms.

The real parts do the work on a journal. Procedures replace their threads. The real sweep keeps closed rooms by number;
here it depends on time, too.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Sequence

from server.log.journal.compaction import Compactor
from server.log.journal.journal import Journal
from server.replication.replicator import Replicator
from server.replication.scrub import Scrub
from server.rooms.room_store import RoomStore
from server.runtime.effects import Effects, Sleep, WithCommitLock
from simulator.cluster.servers.journals import JournalDisk
from simulator.cluster.servers.machine import SimulatedLimits
from simulator.cluster.servers.rpc import Process
from wire.errors import StorageFailed

COMPACTION_PAUSE_S = 0.2
FILL_PAUSE_S = 0.15
ROWS_PER_S = 10_000
SWEEP_PAUSE_S = 0.3
FORGOTTEN_AFTER_S = 1.5
"""Seconds after a room's close. Longer than any duplicate of a message is under way."""


def maintain_journal(
    process: Process,
    journal: Journal,
    disk: JournalDisk,
    compactor: Compactor,
    limits: SimulatedLimits,
) -> None:
    """Fill SQLite, take the snapshots that are due, and scrub the journal if the limits say so. Repeats."""
    process.run(_repeat(journal.fill, FILL_PAUSE_S))
    process.run(_repeat(compactor.compact_some, COMPACTION_PAUSE_S))
    if limits.scrub_every_s is not None:
        scrub = Scrub(
            journal,
            lambda: _Reader(disk),  # type: ignore[arg-type,return-value]  # has all that a scrub uses of a connection
            rows_per_s=ROWS_PER_S,
            every_s=limits.scrub_every_s,
            clock=lambda: process.now,
        )
        process.run(_scrub(scrub))


def _repeat(work: Callable[[], object], pause_s: float) -> Effects[None]:
    while True:
        with contextlib.suppress(StorageFailed):  # the disk is full: retried at the next round
            work()
        yield Sleep(pause_s)


def _scrub(scrub: Scrub) -> Effects[None]:
    for pause_s in scrub.pauses(lambda: True):
        yield Sleep(pause_s)


class _Reader:
    """A connection that can be closed while the journal's stays open.

    An in-memory database has only one real connection.
    """

    def __init__(self, disk: JournalDisk) -> None:
        self.execute: Callable[..., sqlite3.Cursor] = disk.read

    def close(self) -> None:
        """Do nothing: this object holds no resource."""


def sweep_closed_rooms(
    process: Process,
    store: RoomStore,
    replicator: Replicator,
    limits: SimulatedLimits,
    on_forget: Callable[[Sequence[str]], None],
) -> Effects[None]:
    """Forget the rooms that have been closed for ``FORGOTTEN_AFTER_S``, as long as the term lasts.

    ``on_forget`` is called with the streams before they are forgotten.
    """
    closed: list[tuple[float, str]] = []  # streams that are not forgotten yet, with the time when that was noticed
    while True:
        closed += [(process.now, stream) for stream in store.forget_closed(but=limits.kept_closed_rooms)]
        due = [stream for at, stream in closed if process.now >= at + FORGOTTEN_AFTER_S]
        if due:
            on_forget(due)
            try:
                forgotten = yield WithCommitLock(replicator.forget(due))
            except StorageFailed:  # the disk is full: retried at the next round
                forgotten = False
            if forgotten:
                closed = [(at, stream) for at, stream in closed if stream not in due]
        yield Sleep(SWEEP_PAUSE_S)
