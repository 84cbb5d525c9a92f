"""The replication server and the communication server as simulated processes, around the same parts as the
real ones.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from game.errors import InvariantBroken, TicTacToeError
from server.communication.lobby_follower import LobbyFollower
from server.log.journal.compaction import Compactor
from server.log.streams import Streams
from server.replication.replica_service import ReplicaService
from server.runtime.effects import Await, Effects, Sleep
from simulator.cluster.servers.journals import JournalDisk
from simulator.cluster.servers.machine import HANG_S, NO_FAULTS, ROOM_LIMITS, Machine, SimulatedLimits
from simulator.cluster.servers.matchmaker import SimulatedMatchmaker
from simulator.cluster.servers.rpc import Process, Request, SimulatedHost
from simulator.cluster.servers.supervisor import SimulatedSupervisor
from simulator.cluster.servers.upkeep import maintain_journal
from wire import COMMUNICATION, MAIN, REPLICATION
from wire.later import Later

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
        for role in (MAIN, COMMUNICATION):
            self.run(SimulatedSupervisor(self, self._machine, role).supervise())

    def serve(self, method: str, arguments: list[Any]) -> object:
        return self._beat() if method == "beat" else getattr(self._replica_service, method)(*arguments)

    def _reply(self, request: Request, value: Any, error: TicTacToeError | None) -> None:
        if isinstance(error, InvariantBroken):
            self.simulation.failures.append(f"{self.name} at {self.now:.6f} s: {error.message}")
        super()._reply(request, value, error)

    def _beat(self) -> Effects[dict[str, object]]:
        serving = yield from self._replica_service.probe()
        return {"serving": serving, **self._replica_service.more_beat()}


class CommunicationProcess(Process):
    """A communication server: follows the lobby with the real ``LobbyFollower``, matches seekers, and supervises the
    replication server.
    """

    def __init__(self, machine: Machine, *, matches: bool) -> None:
        """``matches``: whether the schedule has seekers."""
        super().__init__()
        self._machine = machine
        self._matches = matches
        self.copy = LobbyFollower(SimulatedHost(self), lambda: self.now)
        self.matchmaker = SimulatedMatchmaker(self, self.copy)

    def start(self) -> None:
        self.run(self._follow())
        if self._matches:
            self.run(self.matchmaker.follow_archive())
        self.run(SimulatedSupervisor(self, self._machine, REPLICATION, defers_to=MAIN).supervise())

    def _follow(self) -> Effects[None]:
        while True:
            with contextlib.suppress(TicTacToeError):
                call = self.call(MAIN, "lobby_changes", *self.copy.cursor, LOBBY_PAGE, timeout_s=HANG_S)
                self.copy.apply((yield Await(call)))
            yield Sleep(LOBBY_PAUSE_S)

    def serve_beat(self) -> dict[str, object]:
        """Return whether the copy of the lobby is complete."""
        return {"serving": self.copy.complete}

    def serve_seek(self, name: str, effect: Sequence[str]) -> Later:
        """Seek a match."""
        return self.matchmaker.seek(name, effect)

    def serve_cancel_seek(self, name: str) -> Effects[dict[str, object]]:
        """End a seek, or return its match."""
        return self.matchmaker.cancel(name)
