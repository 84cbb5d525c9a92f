"""The main server as a simulated process: a thin shell, like the real one, around the same parts."""

from __future__ import annotations

from typing import Any

from game.accounts.names import Claim, Recover, Reserve
from game.errors import InvalidArgument, TicTacToeError
from game.rooms.commands import COMMANDS
from server.log.entries import Epoch
from server.log.streams import Streams
from server.replication.takeover import take_over
from server.rooms.lobby import LobbyCursor
from server.rooms.pairing import pairings
from server.rooms.room_store import RoomStore
from server.runtime.effects import Effects, no_effects
from server.runtime.procedures import Procedure
from simulator.cluster.published_log import PublishedLog
from simulator.cluster.servers.journals import JournalDisk
from simulator.cluster.servers.machine import APPEND_TIMEOUT_S, RECOVERY_WAIT_S, ROOM_LIMITS, Machine, SimulatedLimits
from simulator.cluster.servers.rpc import Process, Request, SimulatedHost
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
        self._host = SimulatedHost(self, timeout_s=APPEND_TIMEOUT_S)
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
        Procedure(takeover, self._host).begin().then(self._become_primary)
        self._supervisor = SimulatedSupervisor(self, self._machine, REPLICATION)
        if self.name == MAIN:
            self._supervisor.begin()

    def _on_not_primary(self, error: TicTacToeError, may_be_read: bool) -> None:
        if self._reads is not None:
            self._reads.committer.error = error
        elif may_be_read:
            self._reads = SimulatedReads(self.journal, Streams(ROOM_LIMITS), self, self._host, error)
            self._record.publish_streams(self.journal.copies())
            self.simulation.trace.note(self.now, self.name, f"serves reads only: {error.message}")

    def _become_primary(self, epoch: Epoch, error: TicTacToeError | None) -> None:
        if error is not None:
            raise error
        self.term = SimulatedTerm(
            self, self._host, epoch, self.journal, self._disk, self._limits, self._record, self._supervisor
        )
        self.term.begin()
        if self._reads is not None:
            self._reads.store.end()

    # -- requests -------------------------------------------------------------------------------------------------

    def serve(self, request: Request, method: str, arguments: list[Any]) -> None:
        store = self._shown
        if method == "beat":
            self._answer_heartbeat(request)
        elif store is None:
            raise NotReady("the main server waits for its office")
        elif method == "command":
            stream, kind, *rest = arguments
            self._submit(request, stream, _COMMANDS[kind](*rest))
        elif method == "view":
            self.answer(request, store.view(*arguments))
        elif method == "wait":
            self._answer_wait(request, store, *arguments)
        elif method == "open_matches":
            if self.term is None:
                raise NotReady("the main server waits for its office")
            self._open_matches(request, self.term, *arguments)
        elif method == "records_after":
            number, limit = arguments
            self.answer(request, store.archive.records_after(number, limit))
        elif method == "lobby_changes":
            revision, began, limit = arguments
            changes = store.index.since(LobbyCursor(revision, began), limit)
            self.answer(request, vars(changes))
        else:
            raise InvalidArgument(f"there is no method {method}")

    @property
    def _shown(self) -> RoomStore | None:
        """Return the room store that reads use now, or None."""
        shown = self.term or self._reads
        return None if shown is None else shown.store

    def _submit(self, request: Request, stream: str, command: Any) -> None:
        shown = self.term or self._reads
        if shown is not None:
            self.answer_later(request, shown.committer.submit(stream, command))

    def _answer_heartbeat(self, request: Request) -> None:
        """Answer a heartbeat while holding the commit lock.

        So the answer proves that the earlier commits came to an end.
        """
        if self.term is None:
            self.answer(request, {"serving": self._reads is not None})
            return
        later = Later()
        self.term.committer.locked(no_effects()).then(lambda _value, _error: later.answer({"serving": True}))
        self.answer_later(request, later)

    def _answer_wait(self, request: Request, store: RoomStore, room: str, after_version: int, timeout_s: float) -> None:
        """Answer a wait now or once there is news, or at the end of ``timeout_s``."""
        answer = store.wait(room, after_version, timeout_s)
        if not isinstance(answer, Later):
            self.answer(request, answer)
            return
        news = Later()
        answer.then(lambda shared, error: news.answer(shared.value) if error is None else news.fail(error))
        self.answer_later(request, news)

    def _open_matches(self, request: Request, term: SimulatedTerm, wanted: Any) -> None:
        def opened() -> Effects[dict[str, object]]:
            found = yield from term.match_opener.open(pairings(wanted))
            return {"opened": [{"room": one.room, "taken": one.taken} for one in found]}

        self.answer_later(request, term.procedure(opened()).begin())


def term_of(simulation: Simulation, name: str = MAIN) -> SimulatedTerm | None:
    """Return the term of a main server, or None if it is not alive or not the primary."""
    main = simulation.node(name)
    return main.term if isinstance(main, MainProcess) else None
