"""What a simulated main server serves from: its term as the primary, or reads only. Both have a room store.

The parts are those of the real ``PrimaryTerm`` and ``ReadOnly``. Timers and procedures replace their threads.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from game.context import CHANCE_BITS, Context
from game.rooms.commands import SYSTEM_REQUESTS
from server.commit.commit import Commit
from server.commit.committer import Committer
from server.commit.refusing_committer import RefusingCommitter, stopped_clock
from server.log.entries import Epoch, LogEnd
from server.log.journal.compaction import Compactor
from server.log.journal.journal import Journal
from server.log.streams import Streams
from server.main.match_opener import MatchOpener
from server.main.timers import run_timers
from server.replication.primary import CatchUp, Primary, SyncState
from server.replication.repair import Repair
from server.replication.replicator import Replicator
from server.rooms.room_store import RoomStore
from server.rooms.service_clock import LONGEST_STEP_S, ServiceClock
from server.runtime.effects import no_effects
from server.runtime.procedures import Procedure
from server.runtime.retries import Retries
from simulator.cluster.published_log import PublishedLog
from simulator.cluster.servers.journals import JournalDisk
from simulator.cluster.servers.machine import NO_FAULTS, ROOM_LIMITS, SimulatedLimits
from simulator.cluster.servers.rpc import Process, SimulatedHost, raise_error
from simulator.cluster.servers.supervisor import SimulatedSupervisor
from simulator.cluster.servers.upkeep import maintain_journal, sweep_closed_rooms
from simulator.cluster.service_clock_checker import ServiceClockChecker
from simulator.engine.node import Incarnation
from simulator.engine.simulation import Crash
from wire import REPLICATION
from wire.errors import TicTacToeError

TICK_PAUSE_S = 0.8 * LONGEST_STEP_S
"""Seconds between two ticks. It is longer than in the real servers: ticks are most of the work of a quiet schedule."""


@dataclass
class SimulatedTerm:
    """A term as the primary."""

    process: Process
    host: SimulatedHost
    epoch: Epoch
    journal: Journal
    disk: JournalDisk
    limits: SimulatedLimits
    record: PublishedLog
    supervisor: SimulatedSupervisor

    def __post_init__(self) -> None:
        process, journal, limits, streams = self.process, self.journal, self.limits, Streams(ROOM_LIMITS)
        clock = InstrumentedClock(process, self.record.clock_checker)
        store = self.store = RoomStore(
            streams,
            journal,
            self.host,
            lambda: process.now,
            clock,
            on_published=lambda batch: self.record.publish(batch.entries),
        )
        self._compactor = Compactor(
            journal,
            streams,
            every=limits.snapshot_every,
            keep_events=limits.keep_events,
            upto=lambda: store.published,
            in_memory=store.cached,
        )
        self.replicator = self._new_replicator(streams)
        replicate = self.replicator.replicate
        commit = Commit(streams, store, journal, replicate, NO_FAULTS, store.context, epoch=self.epoch.number)
        self.committer = Committer(commit, self.host)
        self.match_opener = MatchOpener(
            store,
            check_new_room=lambda _room, _more: None,
            seat_house_bot=no_effects,  # no schedule plays against it
            expect_players=lambda _room, _names: None,
        )
        self._replication = Procedure(self.replicator.run(lambda: True), self.host, self.committer)
        self.joined_by: Incarnation | None = None
        """The incarnation of the replica that joined last."""

    @property
    def in_sync(self) -> bool:
        """Return whether the replica is in sync."""
        return self.replicator.sync_state is SyncState.IN_SYNC

    def _new_replicator(self, streams: Streams) -> Replicator:
        replicator = Replicator(
            InstrumentedPrimary(self.epoch, self.journal, self._on_replica_joined),
            self.journal,
            self._compactor,
            faults=NO_FAULTS,
            step_down=self._step_down,
            wake=self._wake,
            piece_bytes=self.limits.piece_bytes,
            last_piece_entries=self.limits.last_piece_entries,
        )
        replicator.repair = Repair(
            self.journal,
            self._compactor,
            streams,
            in_memory=self.store.cached,
            on_repaired=self._on_repaired,
            replica_is_damaged=lambda: self.supervisor.reports_damage,
        )
        return replicator

    def begin(self) -> None:
        """Read the journal, and begin what the threads of the real server do during a term."""
        process, store = self.process, self.store
        clock_checker = self.record.clock_checker
        store.load()
        self.record.publish_streams(self.journal.copies())
        clock_checker.begin_term(str(process.incarnation), process.now, store.service_clock.now())
        self._replication.begin().then(raise_error)
        self.journal.damage.on_found = self._wake
        maintain_journal(process, self.journal, self.disk, self._compactor, self.limits)
        forgotten = self.record.forgotten.update
        requests = (f"{SYSTEM_REQUESTS}{self.epoch.number}-{number}" for number in itertools.count(1))
        timers = run_timers(
            store,
            lambda: next(requests),
            Retries("timer commands not committed"),
            tick_s=TICK_PAUSE_S / clock_checker.speed,
            on_tick=self._on_tick,
        )
        for effects in (sweep_closed_rooms(process, store, self.replicator, self.limits, forgotten), timers):
            process.run(effects).then(raise_error)
        process.simulation.trace.note(process.now, process.name, f"is in office, epoch {self.epoch.number}")

    def _on_tick(self, at: int, is_done: bool) -> None:
        if len(self.store.timers) and is_done:
            self.record.clock_checker.record_pending_timers(at)

    def _on_replica_joined(self) -> None:
        self.joined_by = self.process.connection_to(REPLICATION)

    def _on_repaired(self, stream: str) -> None:
        """Publish a stream again after its repair: events that were unreadable may be readable now."""
        self.store.reload(stream)
        self.record.publish_streams([self.journal.copy(stream).up_to(self.store.published)])

    def _wake(self) -> None:
        self._replication.wake()

    def _step_down(self, why: str) -> None:
        self.process.simulation.trace.note(self.process.now, self.process.name, f"steps down: {why}")
        raise Crash


class SimulatedReads:
    """The room store of a main server that cannot become the primary, and the committer that refuses commands."""

    def __init__(
        self, journal: Journal, streams: Streams, process: Process, host: SimulatedHost, error: TicTacToeError
    ) -> None:
        """Read the journal as it is now. Commands are refused with ``error``."""
        self.store = RoomStore(streams, journal, host, lambda: process.now, stopped_clock())
        self.store.load()
        self.committer = RefusingCommitter(streams, self.store, host, error)


# -- real parts that also report to the simulation; their behaviour is unchanged ---------------------------------------


class InstrumentedPrimary(Primary):
    """The real ``Primary``. It also reports when a replica joins."""

    def __init__(self, epoch: Epoch, journal: Journal, on_joined: Callable[[], None]) -> None:
        super().__init__(epoch, journal.last, journal.terms)
        self._on_joined = on_joined

    def attached(self, replica_end: LogEnd, *, lacks_deletion: bool = False) -> CatchUp | None:
        output = super().attached(replica_end, lacks_deletion=lacks_deletion)
        self._on_joined()
        return output


class InstrumentedClock(ServiceClock):
    """The real service time, on the simulation's clock and random numbers.

    It reports each moment to ``ServiceClockChecker``.
    """

    def __init__(self, process: Process, clock_checker: ServiceClockChecker) -> None:
        self._clock_checker = clock_checker
        self._process = process
        rng = process.simulation.new_rng(f"{process.incarnation}/moments")
        super().__init__(lambda: process.now * self._clock_checker.speed, lambda: rng.getrandbits(CHANCE_BITS))

    def context(self, *, draining: bool = False) -> Context:
        at = self.now()
        self._clock_checker.check_decision(str(self._process.incarnation), self._process.now, at)
        return Context(at, self._chance(), draining=draining)

    def tick(self) -> int:
        at = super().tick()
        self._clock_checker.record_tick(str(self._process.incarnation), self._process.now)
        return at
