"""The replica's side of replication, without I/O or a clock: what it promises, accepts and refuses.

``replica_service`` receives a main server's messages and asks here. Its journal has the state: the epoch that the
replica obeys, and where the copy ends. The journal writes before the answer is sent. The rules are those of
viewstamped replication with two members (Oki & Liskov 1988). The check of the previous entry is from Raft (Ongaro &
Ousterhout 2014).
"""

from __future__ import annotations

import operator
from collections.abc import Sequence

from game.errors import InvalidArgument, check
from server.log.entries import FARTHEST_LEAP, Entry, Epoch, LogId, Snapshot
from wire.errors import Fenced

_POSITION = operator.attrgetter("position")


def check_promise(obeyed: Epoch, epoch: Epoch) -> None:
    """Raises Fenced unless an epoch is higher than ``obeyed``, which is higher than every earlier epoch.

    Raises InvalidArgument if it is so much higher that epochs could run out.
    """
    if epoch.number <= obeyed.number:
        raise Fenced(f"epoch {obeyed.number} is in office")
    if obeyed.number and epoch.number - obeyed.number > FARTHEST_LEAP:
        raise InvalidArgument("that epoch is too far ahead of the last")


def require(obeyed: Epoch, epoch: Epoch) -> None:
    """Raises Fenced unless that epoch is the one that the replica obeys."""
    if epoch != obeyed:
        raise Fenced(f"epoch {obeyed.number} is in office")


def end_after(last: LogId, previous: LogId, snapshots: Sequence[Snapshot], entries: Sequence[Entry]) -> LogId | None:
    """Return where a copy that ends at ``last`` ends with these rows, which follow on ``previous``.

    None: write nothing, because there are no rows, the copy has them, or they do not follow on its last entry. The
    primary goes on from ``last``.
    """
    rows: tuple[Snapshot | Entry, ...] = (*snapshots, *entries)
    if previous != last or not rows:
        return None
    check(min(rows, key=_POSITION).position > previous.position, "a primary must not send what is before")
    return max(rows, key=_POSITION).log_id
