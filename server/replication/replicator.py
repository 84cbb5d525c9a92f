"""The main server's side of replication: the procedures around ``primary``.

``replicate`` runs with the commit lock held. ``run`` runs apart from it: it attaches the replica and brings it up to
date.

Everything here belongs to the thread of the server's event loop. While the replica is not in sync, only ``run`` uses
the link. While it is in sync, only the holder of the commit lock uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import structlog

from game.errors import check
from server.log.entries import BEFORE_ALL, Entry, LogEnd, LogId, Snapshot
from server.log.journal.compaction import Compactor
from server.log.journal.journal import Journal
from server.replication import messages
from server.replication.primary import CatchUp, Primary, SendCopy, SyncState
from server.replication.repair import Repair
from server.runtime.effects import Blocking, Effects, Sleep, WithCommitLock
from server.runtime.failpoints import Failpoints
from server.runtime.retries import Retries
from server.telemetry.counters import Stopwatch
from wire.errors import Diverged, Fenced, TicTacToeError, Unreachable

LAST_PIECE_ENTRIES = 50
RETRY_S = 0.02
PROBE_S = 0.25
"""Seconds. When nothing is committed for this long, a probe checks that the replica still answers."""

logger = structlog.get_logger()


class Replicator:
    """Keeps the replica in sync while it can, and commits without the replica while it cannot."""

    def __init__(
        self,
        primary: Primary,
        journal: Journal,
        compactor: Compactor,
        *,
        faults: Failpoints,
        step_down: Callable[[str], None],
        wake: Callable[[], None],
        piece_bytes: int,
        last_piece_entries: int = LAST_PIECE_ENTRIES,
    ) -> None:
        """``step_down`` is called with the reason when another main server is the primary.
        ``wake`` ends the pause in ``run`` when the replica is lost.
        ``piece_bytes`` is the approximate size of one message of a catch-up.
        ``last_piece_entries``: the most entries of the last piece, which is sent with the commit lock held.
        """
        self._primary = primary
        self._journal = journal
        self._compactor = compactor
        self._faults = faults
        self._step_down = step_down
        self._wake = wake
        self._piece_bytes = piece_bytes
        self._last_piece_entries = last_piece_entries
        self.repair: Repair | None = None
        """Repairs damage while the replica is in sync."""
        # The number of whole copies sent so far; it numbers them within this epoch.
        self._copies = 0
        # The last position that the replica reported.
        self._replica_position = 0
        self.degraded = Stopwatch(running=True)
        """Measures the time without a replica in sync."""
        self.attempts = Retries("degraded: replica not attached")
        """Failed messages to the replica since it was last in sync."""

    @property
    def lag(self) -> int:
        """The number of entries that the replica is not known to have."""
        return self._primary.last.position - self._replica_position

    @property
    def epoch(self) -> int:
        """The epoch of this primary."""
        return self._primary.epoch.number

    @property
    def sync_state(self) -> SyncState:
        """The replica's state as this primary sees it."""
        return self._primary.sync_state

    def replicate(self, entries: Sequence[Entry]) -> Effects[bool]:
        """Finish once ``entries`` are committed; return False if another main server is the primary.

        The own journal already has the entries, and the caller holds the commit lock. Waits for the replica no longer
        than the timeout of an append, then goes on without it.
        """
        self._compactor.count_entries(entries)
        previous = self._primary.appended(entries)
        if previous is not None:
            yield from self._send(previous, entries)
            self._faults.point("after_replica")
        is_committed = self._primary.committed == entries[-1].position
        check(is_committed or self._primary.sync_state is SyncState.FENCED, "an entry is committed, or never will be")
        return is_committed

    def run(self, go_on: Callable[[], bool]) -> Effects[None]:
        """Attach the replica whenever it is lost, until ``go_on()`` is false or this primary is fenced."""
        committed = -1
        while go_on() and self._primary.sync_state is not SyncState.FENCED:
            if self._primary.sync_state is not SyncState.IN_SYNC:
                yield from self._attach()
            elif self.repair is not None and self.repair.is_needed:
                yield WithCommitLock(self._repair(self.repair))
            elif self._primary.committed == committed:
                yield WithCommitLock(self._probe())
            committed = self._primary.committed
            yield Sleep(PROBE_S if self._primary.sync_state is SyncState.IN_SYNC else RETRY_S)

    def forget(self, streams: Sequence[str]) -> Effects[bool]:
        """Delete these streams from the replica, then from the own journal; return whether that was done.

        Does nothing unless the replica is in sync: a replica that was away could bring deleted streams back. Does
        nothing unless the log has grown since the last time: two deletions at one position could not be told apart. The
        caller holds the commit lock. Raises StorageFailed.
        """
        if (
            self._primary.sync_state is not SyncState.IN_SYNC
            or self._journal.forgotten_at == self._primary.last.position
        ):
            return False
        try:
            yield from messages.forget(self._primary.epoch, streams)
        except TicTacToeError as error:
            self._on_error(error)
            return False
        self._journal.forget(streams)
        self._compactor.forgotten(streams)
        return True

    def _send(self, previous: LogId, entries: Sequence[Entry]) -> Effects[None]:
        try:
            end = yield from self._append(previous, (), entries)
        except TicTacToeError as error:
            self._on_error(error)
            return
        self._primary.acknowledged(end.log_id)
        self._record(end.log_id)
        if self._primary.sync_state is not SyncState.IN_SYNC:
            self._wake()

    def _append(self, previous: LogId, snapshots: Sequence[Snapshot], entries: Sequence[Entry]) -> Effects[LogEnd]:
        # both in order of position
        end = max((rows[-1].position for rows in (snapshots, entries) if rows), default=previous.position)
        terms = self._journal.terms.written(previous.position, end)
        return (yield from messages.append(self._primary.epoch, previous, snapshots, entries, terms))

    def _on_error(self, error: TicTacToeError) -> None:
        was_in_sync = self._primary.sync_state is SyncState.IN_SYNC
        if isinstance(error, Fenced):
            self._primary.fenced()
        self._primary.disconnected()
        self._record(None)
        if self._primary.sync_state is SyncState.FENCED:
            self._step_down(error.message)
            return
        self.attempts.failed(error)
        if was_in_sync:
            self._wake()

    def _probe(self) -> Effects[None]:
        """Send an empty append, so that the loss of the replica is noticed while nothing is committed."""
        if self._primary.sync_state is SyncState.IN_SYNC:
            yield from self._send(self._primary.last, ())

    def _repair(self, repair: Repair) -> Effects[None]:
        """Repair damaged rows in both copies, if the replica is still in sync."""
        if self._primary.sync_state is not SyncState.IN_SYNC:
            return
        try:
            yield from repair.repair_some(self._primary.epoch)
        except (Unreachable, Fenced) as error:
            self._on_error(error)
        except TicTacToeError as error:  # for example a full disk: the replica is still in sync
            repair.retries.failed(error)
            yield from self._probe()

    def _attach(self) -> Effects[None]:
        try:
            end = yield from messages.attach(self._primary.epoch)
            forgotten_at = yield from messages.forgotten_at()
            output = self._attached(end, lacks_deletion=forgotten_at < self._journal.forgotten_at)
            while output is not None:
                output = yield from self._catch_up(output)
        except TicTacToeError as error:
            if isinstance(error, Diverged):
                self._journal.guard.diverged()
            self._on_error(error)
        else:
            self.attempts.succeeded()
            self._journal.damage.retry_all()
            logger.info("replica in sync", epoch=self.epoch, position=self._primary.last.position)

    def _attached(self, end: LogEnd, *, lacks_deletion: bool = False) -> CatchUp | None:
        output = self._primary.attached(end, lacks_deletion=lacks_deletion)
        self._record(end.log_id)
        return output

    def _record(self, last: LogId | None) -> None:
        """Store the result of a step of ``Primary``; ``last``: the replica's log id, if known."""
        self.degraded.set(self._primary.sync_state is not SyncState.IN_SYNC)
        if last is not None:
            self._replica_position = last.position

    def _catch_up(self, output: CatchUp) -> Effects[CatchUp | None]:
        if isinstance(output, SendCopy):
            return self._attached((yield from self._compactor.while_paused(self._send_copy())))
        if output.upto.position - output.after.position > self._last_piece_entries:
            rows = yield Blocking(partial(self._journal.backlog, output.after, output.upto, self._piece_bytes))
            return self._attached((yield from self._append(output.after, *rows)))
        last: CatchUp | None = yield WithCommitLock(self._last_piece(output.after))
        return last

    def _last_piece(self, after: LogId) -> Effects[CatchUp | None]:
        # Few entries: they are read at once, because commands wait for the commit lock.
        snapshots, entries = self._journal.backlog(after, self._primary.last, self._piece_bytes)
        return self._attached((yield from self._append(after, snapshots, entries)))

    def _send_copy(self) -> Effects[LogEnd]:
        """Send the whole journal as it is now. Entries that are written meanwhile follow as a backlog."""
        epoch, upto = self._primary.epoch, self._primary.last
        logger.info("sending whole copy", position=upto.position)
        self._copies += 1
        copy, piece, after = self._copies, 0, BEFORE_ALL
        yield from messages.begin_copy(epoch, copy)
        while parts := (yield Blocking(partial(self._journal.parts, after, self._piece_bytes))):
            sent = [part.up_to(upto.position) for part in parts]
            yield from messages.add_to_copy(epoch, copy, piece, [part for part in sent if part.end])
            piece += 1
            after = parts[-1].place
        terms = self._journal.terms.written(-1, upto.position)
        return (yield from messages.end_copy(epoch, copy, piece, upto, terms))
