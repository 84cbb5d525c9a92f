"""A main server's term as primary: builds its parts and runs them.

The path of a command:

    room object or front door
    → ``command_service``: authenticates the caller
    → ``group_commit``: forms a batch
    → ``commit``: decides, appends to the journal
    → ``replicator``: appends to the replica
    → ``room_store``: makes the events visible

``begin`` loads the store, offers the rooms and starts the threads: replication, compaction, sweep, timers, observer and
scrub.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import structlog

from server.commit.commit import Commit
from server.commit.group_commit import Committer
from server.log.entries import Epoch, StreamSummary
from server.log.journal.compaction import Compactor
from server.log.journal.journal import Journal
from server.log.journal.pair import journal_of
from server.log.room_stream import room_of
from server.log.streams import Streams
from server.main.commit_observer import CommitObserver
from server.main.reads import Reads
from server.main.timer_thread import TimerThread
from server.process.server_process import ServerProcess
from server.replication.primary import Primary, SyncState
from server.replication.repair import Repair
from server.replication.replica_connection import ReplicaConnection
from server.replication.replicator import Replicator
from server.replication.scrub import Scrub, begin_scrub, readings_of_copy
from server.rooms.event_feed import most_events_of
from server.rooms.ids import system_request
from server.rooms.room_store import RoomStore
from server.runtime.failpoints import Failpoints
from server.runtime.retries import Retries
from server.telemetry import metrics
from server.telemetry.counters import CommitCounts
from server.telemetry.metrics import Reading
from wire import MAIN, REPLICATION
from wire.errors import StorageFailed
from wire.rpc import Endpoint

SWEEP_PAUSE_S = 1.0
AT_ONCE = 500
"""Streams that one message removes from the journals."""

logger = structlog.get_logger()


class PrimaryTerm(Reads):
    """The parts of a main server that is the primary."""

    committer: Committer

    def __init__(
        self, process: ServerProcess, clients: Endpoint, journal: Journal, epoch: Epoch, replica: ReplicaConnection
    ) -> None:
        settings = process.settings
        faults = Failpoints(settings.test_faults)
        streams = Streams(settings.limits)
        self._process = process
        self._journal = journal
        self._replica = replica
        self._to_forget: list[str] = []  # streams to be removed from both journals
        self._lock_until_end = contextlib.ExitStack()  # holds the commit lock once the server ends
        self._drain_checked = False  # whether ``begin_term`` of the drain succeeded
        self._drain_end = process.retries["opening"] = Retries("drain not ended")
        self.counts = CommitCounts()
        self.damage = journal.damage
        self.scrub: Scrub | None = None
        self._observer = CommitObserver(self.counts, every_command=settings.log_level == "debug")
        store = RoomStore(
            streams,
            journal,
            self.offer,  # inherited; called only by ``load`` and later
            most_events=most_events_of(settings.max_message_bytes),
            on_published=self._observer.published,
        )
        self._compactor = Compactor(
            journal,
            streams,
            every=settings.snapshot_every,
            keep_events=settings.keep_events,
            upto=lambda: store.published,
            in_memory=store.cached,
        )
        repair = Repair(
            journal,
            self._compactor,
            streams,
            in_memory=store.cached,
            on_repaired=store.reload,
            replica_is_damaged=self._replica_is_damaged,
        )
        self.replicator = self._new_replicator(epoch, repair, faults)
        committer = Committer(
            Commit(streams, store, journal, self.replicator, faults, store.context),
            replica.run,
            step_down=process.step_down,
            on_committed=self._observer.batch_committed,
        )
        super().__init__(process, clients, store, committer)
        self._timers = TimerThread(store, committer, system_request)
        process.retries |= {
            "repair": repair.retries,
            "replica": self.replicator.attempts,
            "snapshots": self._compactor.retries,
            "time": self._timers.retries,
        }

    def _new_replicator(self, epoch: Epoch, repair: Repair, faults: Failpoints) -> Replicator:
        journal, process, wake = self._journal, self._process, self._replica.wake
        replicator = Replicator(
            Primary(epoch, journal.last, journal.terms, forgotten_at=journal.forgotten_at),
            journal,
            self._compactor,
            faults=faults,
            step_down=process.step_down,
            wake=wake,
            piece_bytes=process.settings.piece_bytes,
        )
        replicator.repair = repair
        journal.damage.on_found = wake
        return replicator

    def _replica_is_damaged(self) -> bool:
        return any(one.reports_damage for one in self._process.supervisors if one.role == REPLICATION)

    def begin(self) -> None:
        """Load the summaries of the journal, offer every room, and start the background threads.

        One of these threads keeps the replica in sync.
        """
        self._store_summaries(self.load())
        self._end_stopped_drain()
        go_on, replica, commit_lock = self._process.go_on, self._replica, self.committer.commit_lock
        self._process.in_background(
            "replication", lambda: replica.run(self.replicator.run(go_on), commit_lock=commit_lock)
        )
        self._process.in_background("compaction", lambda: self._compactor.run(go_on, self._process.pause))
        self._process.in_background("sweep", self._sweep)
        self._process.in_background("timers", lambda: self._timers.run(go_on, self._process.pause))
        self._process.in_background("commit observer", lambda: self._observer.run(go_on, self._process.pause))
        file = journal_of(self._process.settings, MAIN)
        self.scrub = begin_scrub(self._process, self._journal, file, rebuild_summary=self.store.rebuild_summary)
        self._process.at_end(self.end)
        self._process.at_end(self._finish_commits)
        self._process.at_end(self._observer.write)

    def _finish_commits(self) -> None:
        """Wait for the commit under way, then hold the commit lock until the process ends.

        Commands that still wait are not committed. Clients send them again, and the next primary commits them.
        """
        self._lock_until_end.enter_context(self.committer.commit_lock())

    def status(self) -> dict[str, object]:
        kept = {"damage": self.damage.as_plain(), "scrub": {} if self.scrub is None else self.scrub.as_plain()}
        return {"epoch": self.replicator.epoch, "step": self.replicator.sync_state.value, **super().status(), **kept}

    def readings(self) -> Iterator[Reading]:
        """Yield the metrics of a primary."""
        store, replicator, counts = self.store, self.replicator, self.counts
        present = [room for room in store.cached_rooms() if room.players or room.spectators]
        yield Reading(metrics.EPOCH, replicator.epoch)
        yield Reading(metrics.POSITION, store.published)
        yield Reading(metrics.ROOMS, store.open_rooms)
        yield Reading(metrics.ROOMS_IN_MEMORY, store.rooms_in_memory)
        yield Reading(metrics.NAMES, store.names.held)
        yield Reading(metrics.RECORDS, store.records)
        yield Reading(metrics.PLAYERS, sum(room.has(name) for room in present for name in room.players))
        yield Reading(metrics.WATCHERS, sum(len(room.spectators) for room in present))
        yield Reading(metrics.CALLERS_WAITING, store.callers_waiting, ("room",))
        yield Reading(metrics.COMMANDS_WAITING, self.committer.waiting)
        yield Reading(metrics.MOVES, counts.events["moved"])
        yield Reading(metrics.MOVE_S, self._process.traffic.move_s)
        for kind, count in list(counts.events.items()):
            yield Reading(metrics.EVENTS, count, (kind,))
        for termination, count in list(counts.terminations.items()):
            yield Reading(metrics.GAMES, count, (termination,))
        yield Reading(metrics.COMMITS, counts.commits)
        yield Reading(metrics.COMMIT_S, counts.commit_s)
        yield Reading(metrics.BATCH, counts.commands)
        yield Reading(metrics.DEGRADED, 0 if replicator.sync_state is SyncState.IN_SYNC else 1)
        yield Reading(metrics.DEGRADED_S, replicator.degraded.seconds)
        yield Reading(metrics.LAG, replicator.lag)
        yield from readings_of_copy(self.damage, self.scrub)

    def _store_summaries(self, missing: Sequence[StreamSummary]) -> None:
        """Write stream summaries that the journal lacks. Without them, only the next start takes longer."""
        try:
            if missing:
                self._journal.store_summaries(missing)
        except StorageFailed as error:
            logger.warning("stream summaries not written", count=len(missing), why=error.message)

    def _end_stopped_drain(self) -> None:
        """End a drain if the cluster was stopped since. ``_sweep`` tries again while the disk refuses."""
        with self._drain_end.attempt(StorageFailed):
            self.draining.begin_term()
            self._drain_checked = True

    def _sweep(self) -> None:
        sweeping = self._process.retries["tidying"] = Retries("sweep failed")
        while self._process.go_on():
            self._process.pause(SWEEP_PAUSE_S)
            if not self._drain_checked:
                self._end_stopped_drain()
            with sweeping.attempt(StorageFailed):
                self._sweep_once()

    def _sweep_once(self) -> None:
        gone = self.command_service.sweep()
        for stream in gone:
            self.withdraw(room_of(stream) or "")
        self._to_forget += gone
        if self._to_forget:
            with self.committer.commit_lock():
                if self._replica.run(self.replicator.forget(self._to_forget[:AT_ONCE])):
                    del self._to_forget[:AT_ONCE]
