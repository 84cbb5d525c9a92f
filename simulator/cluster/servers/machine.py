"""The machine on which the simulated servers run: one process a role, started and ended, each with its disk.

It plays the operating system of ``server.supervision.processes``: the lock that lets only one process have a role, the
time that a start takes, SIGKILL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from game.errors import check
from simulator.cluster.servers.journals import JournalDisk
from simulator.cluster.servers.rpc import Process
from simulator.engine.simulation import Simulation
from wire import COMMUNICATION, MAIN, REPLICATION

ADRIFT = "main adrift"
"""A main server that was replaced, but not ended: neither the lock nor SIGKILL reached it."""
SERVERS = (MAIN, COMMUNICATION, REPLICATION)


@dataclass(frozen=True)
class Times:
    """The settings of the servers that are times, in seconds; shorter than the real ones, to see more in less."""

    heartbeat_s: float = 0.4
    hang_s: float = 1.2
    append_timeout_s: float = 0.3
    start_grace_s: float = 0.5
    start_limit_s: float = 3.0
    recovery_wait_s: float = 0.8
    least_start_s: float = 0.02
    most_start_s: float = 0.3


class Machine:
    """Roles and their processes."""

    def __init__(self, world: Simulation, times: Times, *, syncs: bool) -> None:
        """``syncs``: the journals sync every write."""
        self.world = world
        self.times = times
        self.disks = {role: JournalDisk(syncs=syncs) for role in (MAIN, REPLICATION)}
        self._makers: dict[str, Callable[[], Process]] = {}
        self._starting: set[str] = set()
        self._chance = world.chance("machine")

    def install(self, role: str, make: Callable[[], Process]) -> None:
        """``make`` makes a role's process at each start."""
        self._makers[role] = make

    def runs(self, role: str) -> bool:
        """Whether a process of the role is alive; a paused one is."""
        return self.world.lives_now(role)

    def occupied(self, role: str) -> bool:
        """Whether one is alive, or has been started and is not up yet."""
        return self.runs(role) or role in self._starting

    def start(self, role: str) -> None:
        """Start a process; a second one of a role ends by itself."""
        check(not self.occupied(role), f"two of {role}")
        self._starting.add(role)
        self.world.timeline.note(self.world.now, role, "is started")
        self.world.after(
            self._chance.uniform(self.times.least_start_s, self.times.most_start_s), lambda: self._up(role)
        )

    def _up(self, role: str) -> None:
        self._starting.discard(role)
        self.world.add(role, self._makers[role])

    def kill(self, role: str) -> None:
        """SIGKILL; no effect when none runs."""
        self.world.crash(role)

    def set_main_adrift(self) -> None:
        """The main server is taken for gone though it lives: it keeps its journal, and the next has a copy of that."""
        life = self.world.lives[ADRIFT] = self.world.lives.pop(MAIN)
        life.name = ADRIFT
        self.disks[MAIN] = self.disks[MAIN].twin()

    def start_all(self) -> None:
        """Somebody starts all that does not run."""
        for role in SERVERS:
            if not self.occupied(role):
                self.start(role)

    @property
    def all_down_or_hung(self) -> bool:
        """Whether no server runs that could start another."""
        return not any(self._can_act(role) for role in SERVERS)

    def _can_act(self, role: str) -> bool:
        return role in self._starting or (self.runs(role) and not self.world.lives[role].paused)
