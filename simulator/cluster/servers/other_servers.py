"""The replication server and the communication server as simulated processes, around the same parts as the
real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from game.errors import InvalidArgument, InvariantBroken
from server.communication.lobby_follower import LobbyFollower
from server.log.journal.compaction import Compactor
from server.log.streams import Streams
from server.replication.replica_service import ReplicaService
from server.runtime.effects import Effects
from server.runtime.procedures import Procedure
from simulator.cluster.servers.journal_upkeep import maintain_journal
from simulator.cluster.servers.journals import JournalDisk
from simulator.cluster.servers.machine import HANG_S, NO_FAULTS, ROOM_LIMITS, Machine, SimulatedLimits
from simulator.cluster.servers.matchmaker import SimulatedMatchmaker
from simulator.cluster.servers.rpc import Process, Request, SimulatedHost
from simulator.cluster.servers.supervisor import SimulatedSupervisor
from wire import COMMUNICATION, MAIN, REPLICATION

LOBBY_PAUSE_S = 0.25
LOBBY_PAGE = 3


class ReplicationProcess(Process):
    """A replication server: the real ``ReplicaService`` on a simulated disk, and a supervisor of the main server."""

    def __init__(self, machine: Machine, disk: JournalDisk, limits: SimulatedLimits) -> None:
        super().__init__()
        self._machine = machine
        self._disk = disk
        self._limits = limits

    def start(self) -> None:
        self.journal = journal = self._disk.journal()
        compactor = Compactor(
            journal,
            Streams(ROOM_LIMITS),
            every=self._limits.snapshot_every,
            keep_events=self._limits.keep_events,
            upto=lambda: journal.last.position,
        )
        self._replica_service = ReplicaService(None, journal, compactor, NO_FAULTS)  # type: ignore[arg-type]  # only the copy is used
        maintain_journal(self, journal, self._disk, compactor, self._limits)
        SimulatedSupervisor(self, self._machine, MAIN).begin()
        SimulatedSupervisor(self, self._machine, COMMUNICATION).begin()

    def serve(self, request: Request, method: str, arguments: list[Any]) -> None:
        service = self._replica_service
        effects = self._beat() if method == "beat" else _as_procedure(getattr(service, method), arguments)
        later = Procedure(effects, SimulatedHost(self, timeout_s=HANG_S)).begin()
        if isinstance(later.error, InvariantBroken):
            self.simulation.failures.append(f"{self.name} at {self.now:.6f} s: {later.error.message}")
        self.answer_later(request, later)

    def _beat(self) -> Effects[dict[str, object]]:
        serving = yield from self._replica_service.probe()
        return {"serving": serving, **self._replica_service.more_beat()}


def _as_procedure(method: Callable[..., Any], arguments: list[Any]) -> Effects[Any]:
    """Call a remote method as a procedure; some are procedures, others return their value."""
    answer = method(*arguments)
    return (yield from answer) if isinstance(answer, Generator) else answer


class CommunicationProcess(Process):
    """A communication server: follows the lobby with the real ``LobbyFollower``, matches seekers, and supervises the
    replication server.
    """

    def __init__(self, machine: Machine, *, matches: bool) -> None:
        """``matches``: whether the schedule has seekers."""
        super().__init__()
        self._machine = machine
        self._matches = matches
        self.copy = LobbyFollower(SimulatedHost(self, timeout_s=HANG_S), lambda: self.now)
        self.matchmaker = SimulatedMatchmaker(self, self.copy)

    def start(self) -> None:
        self._follow()
        if self._matches:
            self.matchmaker.follow_archive()
        SimulatedSupervisor(self, self._machine, REPLICATION, defers_to=MAIN).begin()

    def _follow(self) -> None:
        self.call(
            MAIN,
            "lobby_changes",
            *self.copy.cursor,
            LOBBY_PAGE,
            timeout_s=HANG_S,
            then=self._apply,
            fail=lambda _error: self._schedule_follow(),
        )

    def _apply(self, answer: Any) -> None:
        self.copy.apply(answer)
        self._schedule_follow()

    def _schedule_follow(self) -> None:
        self.set_timer(LOBBY_PAUSE_S, self._follow)

    def serve(self, request: Request, method: str, arguments: list[Any]) -> None:
        if method == "beat":
            self.answer(request, {"serving": self.copy.complete})
        elif method == "seek":
            self.matchmaker.seek(request, *arguments)
        elif method == "cancel_seek":
            self.matchmaker.cancel(request, *arguments)
        else:
            raise InvalidArgument(f"there is no method {method}")
