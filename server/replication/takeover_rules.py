"""Decides without I/O which main server may become the primary, and with which log.

The procedure in ``takeover`` calls ``decide`` until the answer is to become the primary.

A main server that starts has its own journal. It also has the replica's copy, if the replication server answers. It may
become the primary when its log surely has everything that was ever acknowledged:

- The replica has answered, and the own log has all that the replica has, or has fetched it.
- Or the replica does not answer for a while, and the own journal is complete: a primary writes to its own journal
  first.

A main server without a journal must wait for the replica. It cannot know whether it is the first one or has lost its
disk. A main server must also wait when its journal is older than it once was (see ``guard_file``): entries that were
acknowledged since are missing.

One of the two logs is always the beginning of the other, unless a main server became the primary with missing entries.
Then each log has entries that the other lacks, and any of them may be acknowledged. No program can choose between them,
so neither is changed.
"""

from __future__ import annotations

from msgspec import Struct

from server.log.entries import EMPTY, Epoch, LogEnd
from server.log.epoch_history import EpochHistory


class CandidateState(Struct, frozen=True):
    """What a server has: the last epoch that it has recorded, and where its copy of the log ends."""

    epoch: Epoch
    last: LogEnd


class ReplicaState(CandidateState, frozen=True):
    """The replica's state. ``has_own``: its copy begins with the whole log of the main server that made the request."""

    has_own: bool


class Wait(Struct, frozen=True):
    """Try again: the replication server must answer first."""


class FetchCopy(Struct, frozen=True):
    """Fetch the replica's log, which continues the own one, and become the primary with ``epoch``."""

    epoch: int


class BecomePrimary(Struct, frozen=True):
    """Become the primary with ``epoch`` on the own journal."""

    epoch: int


class Divergence(Struct, frozen=True):
    """Each log has entries that the other lacks: do not become the primary, and overwrite neither log."""


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
    """Return what a starting main server does next.

    ``replica`` is None while the replication server does not answer.
    ``own_lost``: there was a journal, and it cannot be read. Then an empty replica does not prove that the log is
    empty.
    ``may_be_alone``: the own journal is known to have everything that it ever had.
    """
    if replica is None:
        if own.last == EMPTY or not may_be_alone or waited_s < wait_limit_s:
            return Wait()
        return BecomePrimary(own.epoch.number + 1)
    if own_lost and replica.last == EMPTY:
        return Wait()
    epoch = max(own.epoch.number, own.last.epoch, replica.epoch.number, replica.last.epoch) + 1
    if own_terms.contain(replica.last, own.last.log_id):
        return BecomePrimary(epoch)
    return FetchCopy(epoch) if replica.has_own else Divergence()


def may_be_read(decision: Wait | FetchCopy | BecomePrimary | Divergence) -> bool:
    """Whether people may read the own journal although this server cannot become the primary.

    The own journal must have everything that the replica has. Then nothing is missing, and nothing is shown that
    disappears later. Diverged logs are the exception: until a person chooses, people read the main server's log.
    """
    return isinstance(decision, (BecomePrimary, Divergence))
