"""The main server as a simulated process: a thin shell, like the real one, around the same parts."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from game.accounts.names import Claim, Recover, Reserve
from game.errors import InvalidArgument, NoSuchRoom, TicTacToeError
from game.rooms.commands import COMMANDS, SYSTEM_REQUESTS
from server.commit.commit import Commit
from server.log.entries import Entry, Epoch, StreamCopy
from server.log.journal.compaction import Compactor
from server.log.mending import is_lost
from server.log.streams import Streams
from server.replication.primary import SyncState
from server.replication.repair import Repair
from server.replication.replicator import Replicator
from server.replication.takeover import take_over
from server.rooms.lobby import LobbyCursor
from server.rooms.room_store import RoomStore
from server.runtime.effects import Effects
from simulator.cluster.published_log import PublishedLog
from simulator.cluster.servers.commit_lock import SimulatedCommitLock
from simulator.cluster.servers.instrumented import InstrumentedClock, InstrumentedPrimary
from simulator.cluster.servers.journal_upkeep import ClosedRoomSweep, maintain_journal
from simulator.cluster.servers.journals import JournalDisk
from simulator.cluster.servers.machine import NO_FAULTS, Machine, SimulatedLimits
from simulator.cluster.servers.match_opener import SimulatedMatchOpener
from simulator.cluster.servers.reads import SimulatedReads
from simulator.cluster.servers.rpc import ProcedureRun, Process, Request
from simulator.cluster.servers.supervisor import SimulatedSupervisor
from simulator.cluster.servers.timer_thread import SimulatedTimerThread
from simulator.engine.node import Incarnation
from simulator.engine.simulation import Crash
from wire import MAIN, REPLICATION
from wire.errors import Damaged, NotReady, StorageFailed

_COMMANDS = {**COMMANDS, **{kind.__name__: kind for kind in (Claim, Reserve, Recover)}}


class MainProcess(Process):
    """A main server: becomes the primary, commits commands, and keeps the replica in sync."""

    def __init__(self, machine: Machine, disk: JournalDisk, limits: SimulatedLimits, record: PublishedLog) -> None:
        super().__init__()
        self._machine = machine
        self._times = machine.times
        self._disk = disk
        self._limits = limits
        self._record = record
        # Open waits: request, room, last known version, and the time at which the caller gives up.
        self._waiting: list[tuple[Request, str, int, float]] = []
        # The room store and the replicator. Both are None until this process is the primary.
        self.store: RoomStore | None = None
        self.replicator: Replicator | None = None
        # Serves reads from the journal while this process cannot become the primary.
        self._reads: SimulatedReads | None = None
        self.joined_by: Incarnation | None = None
        """The incarnation of the replica that joined last."""

    def start(self) -> None:
        """Begin the takeover procedure, and supervise the replication server."""
        self.journal = self._disk.journal()
        self.clock_checker = self._record.clock_checker
        rng = self.new_rng()
        ProcedureRun(
            self,
            take_over(
                self.journal,
                wait_limit_s=self._times.recovery_wait_s,
                piece_bytes=self._limits.piece_bytes,
                go_on=lambda: True,
                clock=lambda: self.now,
                new_holder=lambda: f"{rng.getrandbits(64):016x}",
                not_taken=self._on_not_primary,
            ),
            self._become_primary,
            timeout_s=self._times.append_timeout_s,
        ).begin()
        self._supervisor = SimulatedSupervisor(self, self._machine, REPLICATION)
        if self.name == MAIN:
            self._supervisor.begin()

    def _on_not_primary(self, error: TicTacToeError, may_be_read: bool) -> None:
        if self._reads is not None:
            self._reads.committer.error = error
        elif may_be_read:
            self._reads = SimulatedReads.of(self.journal, Streams(self._limits.of_rooms), lambda: self.now, error)
            self._show_journal()
            self.simulation.trace.note(self.now, self.name, f"serves reads only: {error.message}")

    def _show_journal(self) -> None:
        self._show(self.journal.copies())

    def _show(self, copies: Iterable[StreamCopy]) -> None:
        """Record all events of these streams as published, except the placeholders of lost events."""
        self.published([entry for copy in copies for entry in copy.entries if not is_lost(entry)])

    def _on_replica_joined(self) -> None:
        self.joined_by = self.connection_to(REPLICATION)

    @property
    def in_sync(self) -> bool:
        """Return whether this process is the primary and the replica is in sync."""
        return self.replicator is not None and self.replicator.sync_state is SyncState.IN_SYNC

    def _become_primary(self, epoch: Epoch) -> None:
        streams = Streams(self._limits.of_rooms)
        store = self.store = RoomStore(
            streams,
            self.journal,
            lambda _room: None,
            lambda: self.now,
            InstrumentedClock(self, self.clock_checker),
            on_published=lambda batch: self.published(batch.entries),
        )
        compactor = Compactor(
            self.journal,
            streams,
            every=self._limits.snapshot_every,
            keep_events=self._limits.keep_events,
            upto=lambda: store.published,
            in_memory=store.cached,
        )
        self.replicator = self._new_replicator(epoch, streams, store, compactor)
        self._commit_lock = SimulatedCommitLock(
            self,
            Commit(streams, store, self.journal, self.replicator, NO_FAULTS, store.context),
            timeout_s=self._times.append_timeout_s,
            committed=self._answer_waits,
        )
        missing = store.load()
        if missing:
            with contextlib.suppress(StorageFailed):  # the disk is full: retried at the next start
                self.journal.store_summaries(missing)
        self._show_journal()
        self.clock_checker.begin_term(str(self.incarnation), self.now, store.time.now())
        self._begin_work(epoch, store, compactor, self.replicator)
        self.simulation.trace.note(self.now, self.name, f"is in office, epoch {epoch.number}")
        self._answer_waits()

    def _new_replicator(self, epoch: Epoch, streams: Streams, store: RoomStore, compactor: Compactor) -> Replicator:
        replicator = Replicator(
            InstrumentedPrimary(epoch, self.journal, self._on_replica_joined),
            self.journal,
            compactor,
            faults=NO_FAULTS,
            step_down=self._step_down,
            wake=self._wake,
            piece_bytes=self._limits.piece_bytes,
            nearly=self._limits.nearly,
        )
        replicator.repair = Repair(
            self.journal,
            compactor,
            streams,
            in_memory=store.cached,
            mended=self._mended,
            replica_is_damaged=lambda: self._supervisor.reports_damage,
        )
        return replicator

    def _begin_work(self, epoch: Epoch, store: RoomStore, compactor: Compactor, replicator: Replicator) -> None:
        """Begin what the threads of the real server do during a term."""
        commit_lock = self._commit_lock
        self._match_opener = SimulatedMatchOpener(self, store, commit_lock)
        self._replication = ProcedureRun(
            self,
            replicator.run(lambda: True),
            lambda _: None,
            timeout_s=self._times.append_timeout_s,
            run_with_commit_lock=commit_lock.run,
        )
        self._replication.begin()
        self.journal.damage.on_found = self._wake
        maintain_journal(self, self.journal, self._disk, compactor, self._limits, store.rebuild_summary)
        ClosedRoomSweep(self, store, replicator, commit_lock, self._limits, self._record.forgotten.update).sweep()
        numbers = itertools.count(1)
        SimulatedTimerThread(
            self, store, commit_lock, lambda: f"{SYSTEM_REQUESTS}{epoch.number}-{next(numbers)}", self.clock_checker
        ).begin()

    def _mended(self, stream: str) -> None:
        """Publish a stream again after its repair: events that were unreadable may be readable now."""
        if self.store is not None:
            self.store.mended(stream)
            self._show([self.journal.copy(stream).up_to(self.store.published)])

    def _wake(self) -> None:
        self._replication.wake()

    def _step_down(self, why: str) -> None:
        self.simulation.trace.note(self.now, self.name, f"steps down: {why}")
        raise Crash

    def published(self, entries: Sequence[Entry]) -> None:
        """Record entries that clients can see from now on: published by the room store, or present before the term
        began.
        """
        for entry in entries:
            self._record.publish(entry)

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
            if self.store is None:
                raise NotReady("the main server waits for its office")
            self._match_opener.open_matches(request, *arguments)
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
        return self.store if self.store is not None or self._reads is None else self._reads.store

    def _submit(self, request: Request, stream: str, command: Any) -> None:
        if self.store is None and self._reads is not None:
            self.answer(request, dict(self._reads.committer.submit(stream, command)))
        else:
            self._commit_lock.submit_request(stream, command, request)

    def _answer_heartbeat(self, request: Request) -> None:
        """Answer a heartbeat while holding the commit lock.

        So the answer proves that the earlier commits came to an end.
        """
        if self.store is None:
            self.answer(request, {"serving": self._reads is not None})
        else:
            self._commit_lock.run(
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


def _no_effects() -> Effects[None]:
    return
    yield
