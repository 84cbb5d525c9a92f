"""The main server as a simulated process: a thin shell, like the real one, around the same parts."""

from __future__ import annotations

from typing import Any

from game.accounts.names import Claim, Recover, Reserve
from game.errors import InvalidArgument, NoSuchRoom, TicTacToeError
from game.rooms.commands import COMMANDS
from server.log.entries import Epoch
from server.log.streams import Streams
from server.replication.takeover import take_over
from server.rooms.lobby import LobbyCursor
from server.rooms.room_store import RoomStore
from server.runtime.effects import Effects
from simulator.cluster.published_log import PublishedLog
from simulator.cluster.servers.journals import JournalDisk
from simulator.cluster.servers.machine import APPEND_TIMEOUT_S, RECOVERY_WAIT_S, ROOM_LIMITS, Machine, SimulatedLimits
from simulator.cluster.servers.rpc import ProcedureRun, Process, Request
from simulator.cluster.servers.supervisor import SimulatedSupervisor
from simulator.cluster.servers.terms import SimulatedReads, SimulatedTerm
from simulator.engine.simulation import Simulation
from wire import MAIN, REPLICATION
from wire.errors import Damaged, NotReady

_COMMANDS = {**COMMANDS, **{kind.__name__: kind for kind in (Claim, Reserve, Recover)}}


class MainProcess(Process):
    """A main server: becomes the primary, or serves reads while it cannot."""

    def __init__(self, machine: Machine, disk: JournalDisk, limits: SimulatedLimits, record: PublishedLog) -> None:
        super().__init__()
        self._machine = machine
        self._disk = disk
        self._limits = limits
        self._record = record
        # Open waits: request, room, last known version, and the time at which the caller gives up.
        self._waiting: list[tuple[Request, str, int, float]] = []
        self.term: SimulatedTerm | None = None
        """None until this process is the primary."""
        # Serves reads from the journal while this process cannot become the primary.
        self._reads: SimulatedReads | None = None

    def start(self) -> None:
        """Begin the takeover procedure, and supervise the replication server."""
        self.journal = self._disk.journal()
        rng = self.new_rng()
        ProcedureRun(
            self,
            take_over(
                self.journal,
                wait_limit_s=RECOVERY_WAIT_S,
                piece_bytes=self._limits.piece_bytes,
                go_on=lambda: True,
                clock=lambda: self.now,
                new_holder=lambda: f"{rng.getrandbits(64):016x}",
                on_failure=self._on_not_primary,
            ),
            self._become_primary,
            timeout_s=APPEND_TIMEOUT_S,
        ).begin()
        self._supervisor = SimulatedSupervisor(self, self._machine, REPLICATION)
        if self.name == MAIN:
            self._supervisor.begin()

    def _on_not_primary(self, error: TicTacToeError, may_be_read: bool) -> None:
        if self._reads is not None:
            self._reads.committer.error = error
        elif may_be_read:
            self._reads = SimulatedReads(self.journal, Streams(ROOM_LIMITS), lambda: self.now, error)
            self._record.publish_streams(self.journal.copies())
            self.simulation.trace.note(self.now, self.name, f"serves reads only: {error.message}")

    def _become_primary(self, epoch: Epoch) -> None:
        self.term = SimulatedTerm(
            self, epoch, self.journal, self._disk, self._limits, self._record, self._supervisor, self._answer_waits
        )
        self.term.begin()

    def _answer_waits(self) -> None:
        waiting, self._waiting = self._waiting, []
        for request, room, after, until_s in waiting:
            self._answer_wait(request, room, after, until_s)

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
            room, after_version, timeout_s = arguments
            self._answer_wait(request, room, after_version, self.now + timeout_s)
        elif method == "open_matches":
            if self.term is None:
                raise NotReady("the main server waits for its office")
            self.term.match_opener.open_matches(request, *arguments)
        elif method == "records_after":
            number, limit = arguments
            self.answer(request, store.records_after(number, limit, 0.0))
        elif method == "lobby_changes":
            revision, began, limit = arguments
            changes = store.lobby_changes(LobbyCursor(revision, began), limit, 0.0)
            self.answer(request, vars(changes))
        else:
            raise InvalidArgument(f"there is no method {method}")

    @property
    def _shown(self) -> RoomStore | None:
        """Return the room store that reads use now, or None."""
        shown = self.term or self._reads
        return None if shown is None else shown.store

    def _submit(self, request: Request, stream: str, command: Any) -> None:
        if self.term is not None:
            self.term.commit_lock.submit_request(stream, command, request)
        elif self._reads is not None:
            self.answer(request, dict(self._reads.committer.submit(stream, command)))

    def _answer_heartbeat(self, request: Request) -> None:
        """Answer a heartbeat while holding the commit lock.

        So the answer proves that the earlier commits came to an end.
        """
        if self.term is None:
            self.answer(request, {"serving": self._reads is not None})
        else:
            self.term.commit_lock.run(
                _no_effects(),
                lambda _: self.answer(request, {"serving": True}),
                lambda error: self.refuse(request, error),
            )

    def _answer_wait(self, request: Request, room: str, after_version: int, until_s: float) -> None:
        """Answer a wait now or once there is news. After ``until_s`` the caller has given up, so no answer is sent."""
        store = self._shown
        if store is None or self.now > until_s:
            return
        try:
            news = store.news(room, after_version)
        except (NoSuchRoom, InvalidArgument, Damaged) as error:
            self.refuse(request, error)
            return
        if news["version"] > after_version:
            self.answer(request, news)
        else:
            self._waiting.append((request, room, after_version, until_s))


def term_of(simulation: Simulation, name: str = MAIN) -> SimulatedTerm | None:
    """Return the term of a main server, or None if it is not alive or not the primary."""
    main = simulation.node(name)
    return main.term if isinstance(main, MainProcess) else None


def _no_effects() -> Effects[None]:
    return
    yield
