"""The primary's side of replication, pure: what goes to the replica, and when an entry counts as committed.

Inputs: what the own journal wrote, what the replica answered, that it was lost. Outputs: what to send and what is
committed. No I/O, no clock; ``replicator`` holds the conversations that it wants.

    ALONE         degraded: an entry is committed once the own journal has it
    CATCHING_UP   the same, while the replica gets what it lacks; it does not count as a copy yet
    IN_STEP       an entry is committed once the own journal and the replica have it
    FENCED        another main server is in office, or the replica knows more than this one: nothing is committed any
                  more, for good
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from game.errors import check
from server.log.entries import START, Entry, Epoch, EpochHistory, LogEnd, LogId


class SyncState(enum.Enum):
    """How the replica stands to the primary."""

    ALONE = "degraded"
    CATCHING_UP = "catching up"
    IN_STEP = "in step"
    FENCED = "fenced"


@dataclass(frozen=True)
class Send:
    """Send these entries, which follow on ``previous``."""

    previous: LogId
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class SendBacklog:
    """Send the next piece of the own journal after ``after``, up to ``upto`` at the most."""

    after: LogId
    upto: LogId


@dataclass(frozen=True)
class SendCopy:
    """Replace the replica's copy by the own journal. It was put back to before streams were forgotten. Or it is empty
    and the own terms do not reach back to the beginning: in the middle of a backlog nobody could tell which epoch wrote
    its end.
    """


@dataclass(frozen=True)
class ReplicaAhead:
    """The replica has entries that the own log lacks, so this main server took office without knowing all that was
    acknowledged: end, touch nothing, and let the next start decide with the replica's answer at hand.
    """


@dataclass(frozen=True)
class Committed:
    """All entries up to this position are committed: they may be answered and seen."""

    position: int


@dataclass(frozen=True)
class StepDown:
    """Another main server took office: end, and touch nothing."""


Output = Send | SendBacklog | SendCopy | Committed | ReplicaAhead | StepDown


class Primary:
    """The state of a main server in office."""

    def __init__(self, office: Epoch, last: LogId, terms: EpochHistory, *, forgotten_at: int = 0) -> None:
        """``forgotten_at``: the end of both logs when streams were forgotten for the last time."""
        self.office = office
        self.last = last
        self.committed = last.position
        self.step = SyncState.ALONE
        self._terms = terms
        self._forgotten_at = forgotten_at

    def wrote(self, entries: Sequence[Entry]) -> Output:
        """The own journal has these entries: send them, or if the replica is not in step, they are committed."""
        check(self.step is not SyncState.FENCED, "a fenced primary must not write")
        check(bool(entries) and entries[0].position == self.last.position + 1, "the log must not have gaps")
        previous, self.last = self.last, entries[-1].mark
        if self.step is SyncState.IN_STEP:
            return Send(previous, tuple(entries))
        return self._commit(self.last)

    def joined(self, replica_end: LogEnd) -> Output | None:
        """A replica attached, or took a piece while it catches up; its copy ends there now.

        Returns what it lacks; None if it lacks nothing any more and so is in step.
        """
        if self.step is SyncState.FENCED:
            return StepDown()
        if not self._terms.contain(replica_end, self.last):
            self.step = SyncState.FENCED
            return ReplicaAhead()
        self.step = SyncState.CATCHING_UP
        put_back = 0 < replica_end.position < self._forgotten_at
        begins_before_terms = replica_end.mark == START and self._terms.first > 1
        if put_back or begins_before_terms:
            return SendCopy()
        if replica_end.mark != self.last:
            return SendBacklog(replica_end.mark, self.last)
        self.step = SyncState.IN_STEP
        return None

    def forgot(self) -> None:
        """Both logs end here, and streams were forgotten in both."""
        self._forgotten_at = self.last.position

    def acknowledged(self, replica_last: LogId) -> Output:
        """The replica in step answered a ``Send``: its copy ends there now."""
        if self.step is SyncState.IN_STEP and replica_last == self.last:
            return self._commit(replica_last)
        return self.lost()

    def lost(self) -> Output:
        """The replica does not answer, or not as it must: go on degraded, on the own journal alone."""
        if self.step is SyncState.FENCED:
            return StepDown()
        self.step = SyncState.ALONE
        return self._commit(self.last)

    def refused(self) -> Output:
        """The replica obeys another main server."""
        self.step = SyncState.FENCED
        return StepDown()

    def _commit(self, mark: LogId) -> Output:
        self.committed = max(self.committed, mark.position)
        return Committed(self.committed)
