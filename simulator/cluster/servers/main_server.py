"""The main server as a simulated process: a thin shell, like the real one, around the same parts."""

from __future__ import annotations

from typing import Any

from game.accounts.names import Claim, Recover, Reserve
from game.errors import TicTacToeError
from game.rooms.commands import COMMANDS
from server.log.entries import Epoch
from server.log.streams import Streams
from server.replication.takeover import take_over
from server.rooms.lobby import LobbyCursor
from server.rooms.pairing import pairings
from server.runtime.effects import Effects, WithCommitLock, no_effects
from server.runtime.procedures import Procedure
from simulator.cluster.published_log import PublishedLog
from simulator.cluster.servers.journals import JournalDisk
from simulator.cluster.servers.machine import APPEND_TIMEOUT_S, RECOVERY_WAIT_S, ROOM_LIMITS, Machine, SimulatedLimits
from simulator.cluster.servers.rpc import Process, SimulatedHost, raise_error
from simulator.cluster.servers.supervisor import SimulatedSupervisor
from simulator.cluster.servers.terms import SimulatedReads, SimulatedTerm
from simulator.engine.simulation import Simulation
from wire import MAIN, REPLICATION
from wire.errors import NotReady
from wire.later import Later

_COMMANDS = {**COMMANDS, **{kind.__name__: kind for kind in (Claim, Reserve, Recover)}}


class MainProcess(Process):
    """A main server: becomes the primary, or serves reads while it cannot."""

    def __init__(self, machine: Machine, disk: JournalDisk, limits: SimulatedLimits, record: PublishedLog) -> None:
        super().__init__()
        self._machine = machine
        self._disk = disk
        self._limits = limits
        self._record = record
        self.term: SimulatedTerm | None = None
        """None until this process is the primary."""
        # Serves reads from the journal while this process cannot become the primary.
        self._reads: SimulatedReads | None = None

    def start(self) -> None:
        """Begin the takeover procedure, and supervise the replication server."""
        self.journal = self._disk.journal()
        self._host = SimulatedHost(self, REPLICATION, timeout_s=APPEND_TIMEOUT_S)
        rng = self.new_rng()
        takeover = take_over(
            self.journal,
            wait_limit_s=RECOVERY_WAIT_S,
            piece_bytes=self._limits.piece_bytes,
            go_on=lambda: True,
            clock=lambda: self.now,
            new_holder=lambda: f"{rng.getrandbits(64):016x}",
            on_failure=self._on_not_primary,
        )
        self.run(takeover).then(self._become_primary)
        self._supervisor = SimulatedSupervisor(self, self._machine, REPLICATION)
        if self.name == MAIN:
            self.run(self._supervisor.supervise())

    def _on_not_primary(self, error: TicTacToeError, may_be_read: bool) -> None:
        if self._reads is not None:
            self._reads.committer.error = error
        elif may_be_read:
            self._reads = SimulatedReads(self.journal, Streams(ROOM_LIMITS), self, self._host, error)
            self._record.publish_streams(self.journal.copies())
            self.simulation.trace.note(self.now, self.name, f"serves reads only: {error.message}")

    def _become_primary(self, epoch: Epoch, error: TicTacToeError | None) -> None:
        raise_error(epoch, error)
        self.term = SimulatedTerm(
            self, self._host, epoch, self.journal, self._disk, self._limits, self._record, self._supervisor
        )
        self.term.begin()
        if self._reads is not None:
            self._reads.store.end()

    # -- requests -------------------------------------------------------------------------------------------------

    def run(self, effects: Effects[Any]) -> Later:
        return Procedure(effects, self._host, None if self.term is None else self.term.committer).begin()

    def serve_beat(self) -> Effects[dict[str, object]]:
        """Answer a heartbeat while holding the commit lock.

        So the answer proves that the earlier commits came to an end.
        """
        if self.term is not None:
            yield WithCommitLock(no_effects())
        return {"serving": self.term is not None or self._reads is not None}

    def serve_command(self, stream: str, kind: str, *fields: Any) -> Later:
        """Submit a command."""
        return self._served.committer.submit(stream, _COMMANDS[kind](*fields))

    def serve_view(self, room: str) -> object:
        """Return a room's view."""
        return self._served.store.view(room)

    def serve_wait(self, room: str, after_version: int, timeout_s: float) -> object:
        """Return a room's news, when there are any or the time is up."""
        return self._served.store.wait(room, after_version, timeout_s)

    def serve_open_matches(self, wanted: object) -> Effects[dict[str, object]]:
        """Open rooms for matched players."""
        if self.term is None:
            raise NotReady("the main server waits for its office")
        opened = yield from self.term.match_opener.open(pairings(wanted))
        return {"opened": [one._asdict() for one in opened]}

    def serve_records_after(self, number: int, limit: int) -> object:
        """Return the records of finished games after that number."""
        return self._served.store.archive.records_after(number, limit)

    def serve_lobby_changes(self, revision: int, began: int, limit: int) -> object:
        """Return what changed in the lobby after a cursor."""
        return vars(self._served.store.index.since(LobbyCursor(revision, began), limit))

    @property
    def _served(self) -> SimulatedTerm | SimulatedReads:
        served = self.term or self._reads
        if served is None:
            raise NotReady("the main server waits for its office")
        return served


def term_of(simulation: Simulation, name: str = MAIN) -> SimulatedTerm | None:
    """Return the term of a main server, or None if it is not alive or not the primary."""
    main = simulation.node(name)
    return main.term if isinstance(main, MainProcess) else None
