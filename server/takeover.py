"""Who may take office, and with what: pure. The shell (``office``) asks until the answer is to take office.

A main server that starts has its own journal and, if the replication server answers, the replica's copy. It may
take office when it knows all that was ever acknowledged: with the replica asked; or, when the replica does not
answer for a while, with its own journal alone, for a primary writes that one first. A main server without a
journal has to wait for the replica: it cannot know whether it is the first ever or has lost its disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from server.entries import START, Mark, Office, StreamCopy, Terms


@dataclass(frozen=True)
class Standing:
    """What somebody has: the office last known to it, and where its copy of the log ends."""

    office: Office
    last: Mark


@dataclass(frozen=True)
class Wait:
    """Ask again: nobody may take office before the replication server has answered."""


@dataclass(frozen=True)
class FetchCopy:
    """The replica has entries that the own journal lacks: fetch them, merge, and take office with ``epoch``."""

    epoch: int


@dataclass(frozen=True)
class TakeOffice:
    """Take office with ``epoch`` on the own journal."""

    epoch: int


def decide(
    own: Standing,
    own_terms: Terms,
    replica: Standing | None,
    *,
    waited_s: float,
    wait_limit_s: float,
    own_lost: bool = False,
) -> Wait | FetchCopy | TakeOffice:
    """What a starting main server does next.

    ``replica`` is None while the replication server does not answer. ``own_lost``: there was a journal, but it cannot
    be read; a replica that has nothing then is no proof that there is nothing.
    """
    if replica is None:
        if own.last == START or waited_s < wait_limit_s:
            return Wait()
        return TakeOffice(own.office.epoch + 1)
    if own_lost and replica.last == START:
        return Wait()
    epoch = max(own.office.epoch, own.last.epoch, replica.office.epoch, replica.last.epoch) + 1
    return TakeOffice(epoch) if own_terms.contain(replica.last, own.last) else FetchCopy(epoch)


def better_copies(own: Mapping[str, tuple[int, int]], others: Iterable[StreamCopy]) -> list[StreamCopy]:
    """Of the other's copies those that count: room by room the one with the highest epoch, then version.

    ``own`` has the rank of each stream that the own journal has.
    """
    return [other for other in others if other.rank > own.get(other.stream, (0, 0))]
