"""The sweep of closed rooms in a simulated term. The real one keeps them by number; here it depends on time, too."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from server.replication.replicator import Replicator
from server.rooms.room_store import RoomStore
from server.runtime.effects import Effects, Sleep, WithCommitLock
from simulator.cluster.servers.machine import SimulatedLimits
from simulator.cluster.servers.rpc import Process
from wire.errors import StorageFailed

SWEEP_PAUSE_S = 0.3
FORGOTTEN_AFTER_S = 1.5
"""Seconds after a room's close. Longer than any duplicate of a message is under way."""


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
