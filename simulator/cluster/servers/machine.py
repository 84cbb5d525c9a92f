"""The machine of the simulated servers: starts and ends one process for each role, each with its disk.

It replaces the operating system of ``server.supervision.processes``: the lock for a role, the duration of a start, and
SIGKILL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from game.context import Limits as RoomLimits
from game.errors import check
from server.runtime.failpoints import Failpoints
from simulator.cluster.servers.journals import JournalDisk
from simulator.cluster.servers.rpc import Process
from simulator.engine.simulation import Simulation
from wire import COMMUNICATION, MAIN, REPLICATION

OLD_MAIN = "main adrift"
"""The name of a main server that was replaced but not ended. Neither the lock nor SIGKILL reached it."""
SERVERS = (MAIN, COMMUNICATION, REPLICATION)
NO_FAULTS = Failpoints("")
ROOM_LIMITS = RoomLimits(people=20, claim_after_ms=1000)


# The servers' time settings, in seconds. They are shorter than the real ones, so that a schedule covers more.
HEARTBEAT_S = 0.4
HANG_S = 1.2
APPEND_TIMEOUT_S = 0.3
START_GRACE_S = 0.5
START_LIMIT_S = 3.0
RECOVERY_WAIT_S = 0.8
LEAST_START_S = 0.02
MOST_START_S = 0.3


@dataclass(frozen=True)
class SimulatedLimits:
    """The servers' settings that are counts."""

    snapshot_every: int
    keep_events: int
    piece_bytes: int
    last_piece_entries: int
    kept_closed_rooms: int
    scrub_every_s: float | None
    """None for schedules without damaged rows, where a scrub finds nothing."""


class Machine:
    """Roles and their processes. At most one process of a role is alive or starting."""

    def __init__(self, simulation: Simulation, *, syncs: bool) -> None:
        """``syncs``: whether the journals sync every write."""
        self.simulation = simulation
        self.disks = {role: JournalDisk(syncs=syncs) for role in (MAIN, REPLICATION)}
        self._factories: dict[str, Callable[[], Process]] = {}
        # Roles between ``start`` and the first step of their process.
        self._starting: set[str] = set()
        self._rng = simulation.new_rng("machine")

    def install(self, role: str, make: Callable[[], Process]) -> None:
        """Register ``make``, which creates a role's process at each start."""
        self._factories[role] = make

    def runs(self, role: str) -> bool:
        """Return whether a process of the role is alive. A paused process is alive."""
        return self.simulation.is_alive(role)

    def occupied(self, role: str) -> bool:
        """Return whether a process of the role is alive or starting."""
        return self.runs(role) or role in self._starting

    def start(self, role: str) -> None:
        """Start a process of a role. The role must not be occupied."""
        check(not self.occupied(role), f"a process of {role} is already alive or starting")
        self._starting.add(role)
        self.simulation.trace.note(self.simulation.now, role, "is started")
        self.simulation.after(self._rng.uniform(LEAST_START_S, MOST_START_S), lambda: self._up(role))

    def _up(self, role: str) -> None:
        self._starting.discard(role)
        self.simulation.add(role, self._factories[role])

    def kill(self, role: str) -> None:
        """End a process like SIGKILL. No effect if none runs."""
        self.simulation.crash(role)

    def leave_old_main_running(self) -> None:
        """Treat the running main server as gone while it lives on.

        It keeps its journal, and its successor gets a copy of that journal.
        """
        incarnation = self.simulation.incarnations[OLD_MAIN] = self.simulation.incarnations.pop(MAIN)
        incarnation.name = OLD_MAIN
        self.disks[MAIN] = self.disks[MAIN].copy()

    def start_all(self) -> None:
        """Start every role that has no process, as an operator does."""
        for role in SERVERS:
            if not self.occupied(role):
                self.start(role)

    @property
    def all_down_or_hung(self) -> bool:
        """Return whether no server is left that could start another."""
        return not self._starting and not any(
            self.runs(role) and not self.simulation.incarnations[role].paused for role in SERVERS
        )
