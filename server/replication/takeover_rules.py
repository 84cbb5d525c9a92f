"""Which main server may take office, and with what: pure. The shell (``takeover``) asks until it is to take office.

A main server that starts has its own journal and, if the replication server answers, the replica's copy. It may
take office when it knows all that was ever acknowledged: with the replica asked; or, when the replica does not
answer for a while, with its own journal alone, for a primary writes that one first. A main server without a
journal has to wait for the replica: it cannot know whether it is the first ever or has lost its disk. So has one
whose journal is older than it once was (see ``guard_file``): its journal lacks what was acknowledged since.

Of two logs one is the beginning of the other, unless a main server took office without knowing all. Then each has
entries that the other lacks, any of them acknowledged, and no program can choose: both stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.log.entries import EMPTY, Epoch, EpochHistory, LogEnd


@dataclass(frozen=True)
class CandidateState:
    """What a server has: the office last known to it, and where its copy of the log ends."""

    office: Epoch
    last: LogEnd


@dataclass(frozen=True)
class ReplicaState(CandidateState):
    """The replica's; ``has_own``: whether its copy begins with all of the log of the main server that asked."""

    has_own: bool


@dataclass(frozen=True)
class Wait:
    """Ask again: the replication server has to answer first."""


@dataclass(frozen=True)
class FetchCopy:
    """The replica's log goes on where the own one ends: fetch it, and take office with ``epoch``."""

    epoch: int


@dataclass(frozen=True)
class BecomePrimary:
    """Take office with ``epoch`` on the own journal."""

    epoch: int


@dataclass(frozen=True)
class Divergence:
    """Each of the two logs has entries that the other lacks: take no office, overwrite neither."""


def decide(
    own: CandidateState,
    own_terms: EpochHistory,
    replica: ReplicaState | None,
    *,
    waited_s: float,
    wait_limit_s: float,
    own_lost: bool = False,
    may_be_alone: bool = True,
) -> Wait | FetchCopy | BecomePrimary | Divergence:
    """What a starting main server does next.

    ``replica`` is None while the replication server does not answer. ``own_lost``: there was a journal, but it cannot
    be read; a replica that has nothing then is no proof that there is nothing. ``may_be_alone``: whether the own
    journal is known to have all that it ever had.
    """
    if replica is None:
        if own.last == EMPTY or not may_be_alone or waited_s < wait_limit_s:
            return Wait()
        return BecomePrimary(own.office.epoch + 1)
    if own_lost and replica.last == EMPTY:
        return Wait()
    epoch = max(own.office.epoch, own.last.epoch, replica.office.epoch, replica.last.epoch) + 1
    if own_terms.contain(replica.last, own.last.mark):
        return BecomePrimary(epoch)
    return FetchCopy(epoch) if replica.has_own else Divergence()


def may_be_read(decision: Wait | FetchCopy | BecomePrimary | Divergence) -> bool:
    """Whether the own journal may be shown to people although the office cannot be taken.

    It must have all that the replica has: then nothing is shown that is not there later, and nothing is missing. Of two
    diverged logs neither has that, and people see the main server's until one is chosen.
    """
    return isinstance(decision, (BecomePrimary, Divergence))
