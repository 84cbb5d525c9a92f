"""A main server's term as primary: builds its parts and runs them.

The path of a command:

    room object or front door
    → ``command_service``: authenticates the caller
    → ``committer``: forms a batch
    → ``commit``: decides, appends to the journal
    → ``replicator``: appends to the replica
    → ``room_store``: makes the events visible

``begin`` loads the store, offers the rooms and begins the procedures of the term (replication, sweep, timers) and its
threads (compaction, observer, scrub).
"""

from __future__ import annotations

from collections.abc import Iterator

from server.commit.commit import Commit
from server.commit.committer import Committer
from server.log.entries import Epoch
from server.log.journal.compaction import COMPACTION_PAUSE_S, Compactor
from server.log.journal.journal import Journal
from server.log.journal.pair import journal_of
from server.log.streams import Streams
from server.main.commit_observer import WRITE_PAUSE_S, CommitObserver
from server.main.reads import Reads
from server.main.timers import run_timers
from server.process.server_process import ServerProcess
from server.replication.primary import Primary, SyncState
from server.replication.repair import Repair
from server.replication.replicator import Replicator
from server.replication.scrub import Scrub, begin_scrub, readings_of_copy
from server.rooms.event_feed import most_events_of
from server.rooms.ids import system_request
from server.rooms.room_store import RoomStore
from server.runtime.effects import Await, Effects, Sleep, WithCommitLock
from server.runtime.failpoints import Failpoints
from server.runtime.procedures import Procedure
from server.runtime.retries import Retries
from server.telemetry import metrics
from server.telemetry.counters import CommitCounts
from server.telemetry.metrics import Reading
from wire import MAIN, REPLICATION
from wire.errors import StorageFailed
from wire.later import Later

SWEEP_PAUSE_S = 1.0
AT_ONCE = 500
"""Streams that one message removes from the journals."""


class PrimaryTerm(Reads):
    """The parts of a main server that is the primary."""

    committer: Committer

    def __init__(self, process: ServerProcess, journal: Journal, epoch: Epoch) -> None:
        settings = process.settings
        faults = Failpoints(settings.test_faults)
        streams = Streams(settings.limits)
        self._process = process
        self._journal = journal
        self._replication: Procedure[None] | None = None  # keeps the replica in sync
        self._to_forget: list[str] = []  # streams to be removed from both journals
        self._drain_end = process.retries["opening"] = Retries("drain not ended")
        self.counts = CommitCounts()
        self.damage = journal.damage
        self.scrub: Scrub | None = None
        self._observer = CommitObserver(self.counts, every_command=settings.log_level == "debug")
        store = RoomStore(
            streams,
            journal,
            process.loop,
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
            Commit(streams, store, journal, self.replicator.replicate, faults, store.context, epoch=epoch.number),
            process.host,
            step_down=process.step_down,
            on_committed=self._observer.batch_committed,
        )
        super().__init__(process, store, committer)
        self._timer_retries = Retries("timer commands not committed")
        process.retries |= {
            "repair": repair.retries,
            "replica": self.replicator.attempts,
            "snapshots": self._compactor.retries,
            "time": self._timer_retries,
        }

    def _new_replicator(self, epoch: Epoch, repair: Repair, faults: Failpoints) -> Replicator:
        journal, process = self._journal, self._process
        replicator = Replicator(
            Primary(epoch, journal.last, journal.terms),
            journal,
            self._compactor,
            faults=faults,
            step_down=process.step_down,
            wake=self._wake_replication,
            piece_bytes=process.settings.piece_bytes,
        )
        replicator.repair = repair
        # the scrub finds damage in a thread of its own
        journal.damage.on_found = lambda: process.loop.from_thread(self._wake_replication)
        return replicator

    def _wake_replication(self) -> None:
        if self._replication is not None:
            self._replication.wake()

    def _replica_is_damaged(self) -> bool:
        return any(one.reports_damage for one in self._process.supervisors if one.role == REPLICATION)

    def begin(self) -> None:
        """Load the summaries of the journal, offer the rooms, and begin the procedures and threads of the term."""
        process = self._process
        self.load()
        self._replication = process.begin("replication", self.replicator.run(process.go_on))
        process.begin("sweep", self._sweep())
        process.begin("timers", run_timers(self.store, system_request, self._timer_retries))
        process.repeat("compaction", self._compactor.compact, COMPACTION_PAUSE_S, self._compactor.retries)
        process.in_background(
            "commit observer", lambda: self._observer.run(process.go_on, process.pause), after_s=WRITE_PAUSE_S
        )
        file = journal_of(process.settings, MAIN)
        self.scrub = begin_scrub(process, self._journal, file)
        process.at_end(self.end)
        process.at_end(self._finish_commits)
        process.at_end(self._observer.write)

    def _finish_commits(self) -> Later:
        """Wait for the commit under way, then hold the commit lock until the process ends.

        Commands that still wait are not committed. Clients send them again, and the next primary commits them.
        """
        held = Later()

        def hold() -> Effects[None]:
            held.answer(None)
            yield Await(Later())  # for ever

        self.committer.locked(hold())
        return held

    def status(self) -> dict[str, object]:
        kept = {"damage": self.damage.as_plain(), "scrub": {} if self.scrub is None else self.scrub.as_plain()}
        return {"epoch": self.replicator.epoch, "step": self.replicator.sync_state.value, **super().status(), **kept}

    def readings(self) -> Iterator[Reading]:
        """Yield the metrics of a primary."""
        store, replicator, counts = self.store, self.replicator, self.counts
        present = [room for room in store.cache.open_states() if room.players or room.spectators]
        yield Reading(metrics.EPOCH, replicator.epoch)
        yield Reading(metrics.POSITION, store.published)
        yield Reading(metrics.ROOMS, len(store.index))
        yield Reading(metrics.ROOMS_IN_MEMORY, len(store.cache.rooms))
        yield Reading(metrics.NAMES, store.names.held)
        yield Reading(metrics.RECORDS, store.states.records)
        yield Reading(metrics.PLAYERS, sum(room.has(name) for room in present for name in room.players))
        yield Reading(metrics.WATCHERS, sum(len(room.spectators) for room in present))
        yield Reading(metrics.CALLERS_WAITING, store.long_polls.waiting, ("room",))
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

    def _sweep(self) -> Effects[None]:
        sweeping = self._process.retries["tidying"] = Retries("sweep failed")
        while True:
            with self._drain_end.attempt(StorageFailed):
                yield from self.draining.end_if_stopped()
            yield Sleep(SWEEP_PAUSE_S)
            with sweeping.attempt(StorageFailed):
                yield from self._sweep_once()

    def _sweep_once(self) -> Effects[None]:
        self._to_forget += yield from self.command_service.sweep()
        if self._to_forget:
            forgotten = yield WithCommitLock(self.replicator.forget(self._to_forget[:AT_ONCE]))
            if forgotten:
                del self._to_forget[:AT_ONCE]
