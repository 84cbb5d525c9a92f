"""The primary's side of replication, without I/O or a clock: what to send, and when an entry is committed.

Inputs: what the own journal wrote, what the replica answered, and that it does not answer. Outputs: what to send.
``committed`` and ``sync_state`` are the state after it. ``replicator`` runs the procedures that follow from them.

    DEGRADED      an entry is committed once the own journal has it
    CATCHING_UP   the same, while the replica receives what it lacks; it does not count as a copy yet
    IN_SYNC       an entry is committed once the own journal and the replica have it
    FENCED        final: another main server is the primary, or the replica has entries that this log lacks;
                  nothing is committed any more
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

from msgspec import Struct

from game.errors import check
from server.log.entries import START, Entry, Epoch, LogEnd, LogId
from server.log.epoch_history import EpochHistory
from wire.errors import Diverged, Fenced


class SyncState(enum.Enum):
    """The replica's state as the primary sees it."""

    DEGRADED = "degraded"
    CATCHING_UP = "catching up"
    IN_SYNC = "in step"
    FENCED = "fenced"


class SendBacklog(Struct, frozen=True):
    """Send the next piece of the own journal after ``after``, at most up to ``upto``."""

    after: LogId
    upto: LogId


class SendCopy(Struct, frozen=True):
    """Replace the replica's copy by the own journal.

    There are two reasons. The replica may have streams that were deleted here, because it was restored to an earlier
    state, or does not record the deletion. Or the replica is empty, and the own epoch history does not reach back to
    the beginning: a backlog needs the epoch of each entry.
    """


CatchUp = SendBacklog | SendCopy


class Primary:
    """The replication state of a primary.

    All entries up to position ``committed`` are committed: their results may be returned and shown. It never falls, and
    it is at most ``last.position``. ``sync_state`` never leaves ``FENCED``.
    """

    def __init__(self, epoch: Epoch, last: LogId, terms: EpochHistory) -> None:
        self.epoch = epoch
        self.last = last
        self.committed = last.position
        self.sync_state = SyncState.DEGRADED
        self._terms = terms

    def appended(self, entries: Sequence[Entry]) -> LogId | None:
        """Process entries that the own journal has written.

        While the replica is in sync, send them: return the log id on which they follow. Otherwise they are committed at
        once.
        """
        check(self.sync_state is not SyncState.FENCED, "a fenced primary must not write")
        check(bool(entries) and entries[0].position == self.last.position + 1, "the log must not have gaps")
        previous, self.last = self.last, entries[-1].log_id
        if self.sync_state is SyncState.IN_SYNC:
            return previous
        self.committed = self.last.position
        return None

    def attached(self, replica_end: LogEnd, *, lacks_deletion: bool = False) -> CatchUp | None:
        """Process the end of the replica's copy, which it returned when it attached or stored a piece of a catch-up.

        ``lacks_deletion``: streams were deleted here and not from that copy. Returns what the replica lacks. None: it
        lacks nothing and is in sync now.

        Raises Fenced. Raises Diverged if the replica has entries that the own log lacks: this main server became the
        primary without everything that was acknowledged. It must end, and change nothing; the next start decides.
        """
        if self.sync_state is SyncState.FENCED:
            raise Fenced("another main server is the primary")
        if not self._terms.contain(replica_end, self.last):
            self.sync_state = SyncState.FENCED
            raise Diverged("the replica has entries that this server's journal lacks")
        self.sync_state = SyncState.CATCHING_UP
        begins_before_terms = replica_end.log_id == START and self._terms.first > 1
        if lacks_deletion or begins_before_terms:
            return SendCopy()
        if replica_end.log_id != self.last:
            return SendBacklog(replica_end.log_id, self.last)
        self.sync_state = SyncState.IN_SYNC
        return None

    def acknowledged(self, replica_last: LogId) -> None:
        """Process the answer to entries that were sent: the replica's copy ends at ``replica_last`` now."""
        if self.sync_state is SyncState.IN_SYNC and replica_last == self.last:
            self.committed = self.last.position
        else:
            self.disconnected()

    def disconnected(self) -> None:
        """Go on degraded, on the own journal alone: the replica does not answer, or its answer is wrong."""
        if self.sync_state is not SyncState.FENCED:
            self.sync_state = SyncState.DEGRADED
            self.committed = self.last.position

    def fenced(self) -> None:
        """Process a refusal: the replica obeys another main server. This one must end, and change nothing."""
        self.sync_state = SyncState.FENCED
