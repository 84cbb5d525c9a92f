"""The regular work on a simulated journal: snapshots, the scrub, and the removal of closed rooms.

The real parts do the work. Timers replace their threads and pauses.
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
from simulator.cluster.servers.commit_lock import SimulatedCommitLock
from simulator.cluster.servers.journals import JournalDisk
from simulator.cluster.servers.machine import SimulatedLimits
from simulator.cluster.servers.rpc import Process
from wire.errors import StorageFailed

COMPACTION_PAUSE_S = 0.2
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
    rebuild_summary: Callable[[str], None] | None = None,
) -> None:
    """Take the snapshots that are due, and scrub the journal if the limits say so. Repeats."""
    _compact(process, compactor)
    if limits.scrub_every_s is not None:
        _scrub(process, journal, disk, limits.scrub_every_s, rebuild_summary)


def _compact(process: Process, compactor: Compactor) -> None:
    with contextlib.suppress(StorageFailed):  # the disk is full: retried at the next round
        compactor.compact_some()
    process.set_timer(COMPACTION_PAUSE_S, lambda: _compact(process, compactor))


def _scrub(
    process: Process, journal: Journal, disk: JournalDisk, every_s: float, rebuild_summary: Callable[[str], None] | None
) -> None:
    scrub = Scrub(
        journal,
        lambda: _Reader(disk),  # type: ignore[arg-type,return-value]  # has all that a scrub uses of a connection
        rows_per_s=ROWS_PER_S,
        every_s=every_s,
        rebuild_summary=rebuild_summary,
        clock=lambda: process.now,
    )
    pauses = scrub.pauses(lambda: True)

    def go_on() -> None:
        process.set_timer(next(pauses), go_on)

    go_on()


class ClosedRoomSweep:
    """Forgets the rooms that have been closed for ``FORGOTTEN_AFTER_S``."""

    def __init__(
        self,
        process: Process,
        store: RoomStore,
        replicator: Replicator,
        commit_lock: SimulatedCommitLock,
        limits: SimulatedLimits,
        on_forget: Callable[[Sequence[str]], None],
    ) -> None:
        """``on_forget`` is called with the streams before they are forgotten."""
        self._process = process
        self._store = store
        self._replicator = replicator
        self._commit_lock = commit_lock
        self._kept = limits.kept_closed_rooms
        self._on_forget = on_forget
        # Closed streams that are not forgotten yet, with the time when that was noticed.
        self._closed: list[tuple[float, str]] = []

    def sweep(self) -> None:
        """Forget the rooms that are due. Repeats."""
        now = self._process.now
        self._closed += [(now, stream) for stream in self._store.forget_closed(but=self._kept)]
        due = [stream for at, stream in self._closed if now >= at + FORGOTTEN_AFTER_S]

        def over(forgotten: bool) -> None:
            if forgotten:
                self._closed = [(at, stream) for at, stream in self._closed if stream not in due]

        if due:
            self._on_forget(due)
            self._commit_lock.run(self._replicator.forget(due), over, lambda _disk_is_full: None)
        self._process.set_timer(SWEEP_PAUSE_S, self.sweep)


class _Reader:
    """A connection that can be closed while the journal's stays open.

    An in-memory database has only one real connection.
    """

    def __init__(self, disk: JournalDisk) -> None:
        self.execute: Callable[..., sqlite3.Cursor] = disk.read

    def close(self) -> None:
        """Do nothing: this object holds no resource."""
