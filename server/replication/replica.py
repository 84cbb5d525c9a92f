"""The replica's side of replication, without I/O or a clock: what it promises, accepts and refuses.

Inputs are a main server's messages. Outputs are what to write and what to answer. The shell (``replica_service``)
writes before it answers. The shell also passes in where its journal
ended at the start. The rules are those of viewstamped replication with two members (Oki & Liskov 1988). The check of
the previous entry is from Raft (Ongaro & Ousterhout 2014).
"""

from __future__ import annotations

import operator
from collections.abc import Sequence

from game.errors import InvalidArgument, check
from server.log.entries import FARTHEST_LEAP, Entry, Epoch, LogId, Snapshot
from wire.errors import Fenced

_POSITION = operator.attrgetter("position")


class Replica:
    """The state of a replica: the epoch that it obeys, and where its copy ends.

    ``epoch`` only rises, and it is on disk before it changes here. ``last`` is what the journal has written.
    """

    def __init__(self, epoch: Epoch, last: LogId) -> None:
        self.epoch = epoch
        self.last = last

    def check_promise(self, epoch: Epoch) -> None:
        """Raises Fenced unless that epoch is higher than every earlier epoch.

        Raises InvalidArgument if it is so much higher that epochs could run out.
        """
        if epoch.number <= self.epoch.number:
            raise Fenced(f"epoch {self.epoch.number} is in office")
        if self.epoch.number and epoch.number - self.epoch.number > FARTHEST_LEAP:
            raise InvalidArgument("that epoch is too far ahead of the last")

    def promise(self, epoch: Epoch) -> None:
        """Obey only this epoch from now on. The shell has already written it down."""
        self.check_promise(epoch)
        self.epoch = epoch

    def require(self, epoch: Epoch) -> None:
        """Raises Fenced unless that epoch is the one that the replica obeys."""
        if epoch != self.epoch:
            raise Fenced(f"epoch {self.epoch.number} is in office")

    def receive(
        self, epoch: Epoch, previous: LogId, snapshots: Sequence[Snapshot], entries: Sequence[Entry]
    ) -> LogId | None:
        """Return where the copy ends when the shell has written these rows, which follow on ``previous``.

        None: write nothing, because there are no rows, the replica has them, or they do not follow on its last entry.
        The primary goes on from ``last``. Raises Fenced for another primary.
        """
        self.require(epoch)
        rows: tuple[Snapshot | Entry, ...] = (*snapshots, *entries)
        if previous != self.last or not rows:
            return None
        check(min(rows, key=_POSITION).position > previous.position, "a primary must not send what is before")
        return max(rows, key=_POSITION).log_id

    def appended(self, last: LogId) -> None:
        """Record that the shell has written rows: the copy now ends at ``last``."""
        check(last.position >= self.last.position, "a copy must not shrink by writing")
        self.last = last

    def replaced(self, last: LogId) -> None:
        """Record that the copy now ends at ``last``: it was replaced, or it lost what came after a gap."""
        self.last = last
