"""The replica's side of replication, pure: what it promises, what it takes, what it refuses.

Inputs are a main server's messages; outputs are values that say what to write and to answer. No I/O, no clock. The
shell (``replica_service``) writes what ``Take`` holds before it answers, and hands in what its journal had at the
start. The rules are those of viewstamped replication with two members (Oki & Liskov 1988) and Raft's check of the
previous entry (Ongaro & Ousterhout 2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from game.errors import InvalidArgument, check
from server.log.entries import FARTHEST_LEAP, Entry, Epoch, LogId, Snapshot
from wire.errors import Fenced


@dataclass(frozen=True)
class Take:
    """Write these, then say that the replica is at ``last``. With nothing to write it has them already."""

    snapshots: tuple[Snapshot, ...]
    entries: tuple[Entry, ...]
    last: LogId


@dataclass(frozen=True)
class Behind:
    """What came does not follow on what is here: the primary has to go on from ``last``."""

    last: LogId


class Replica:
    """The state of a replica: whom it obeys and how far its copy goes."""

    def __init__(self, office: Epoch, last: LogId) -> None:
        self.office = office
        self.last = last

    def may_take_office(self, office: Epoch) -> None:
        """Raises Fenced unless that office's epoch is higher than any before, and InvalidArgument if it leaps so far
        that epochs could run out.
        """
        if office.epoch <= self.office.epoch:
            raise Fenced(f"epoch {self.office.epoch} is in office")
        if self.office.epoch and office.epoch - self.office.epoch > FARTHEST_LEAP:
            raise InvalidArgument("that epoch is too far ahead of the last")

    def promised(self, office: Epoch) -> None:
        """The shell has written down that a new main server is in office: it alone is obeyed from now on."""
        self.may_take_office(office)
        self.office = office

    def obey(self, office: Epoch) -> None:
        """Raises Fenced unless that office is the one in force."""
        if office != self.office:
            raise Fenced(f"epoch {self.office.epoch} is in office")

    def receive(
        self, office: Epoch, previous: LogId, snapshots: Sequence[Snapshot], entries: Sequence[Entry]
    ) -> Take | Behind:
        """Decide on what the primary sent: it must come from the one in office and follow on what is here.

        The same message again is acknowledged again and changes nothing. Raises Fenced for another primary.
        """
        self.obey(office)
        marks = [part.mark for part in snapshots] + [part.mark for part in entries]
        end = max(marks, key=lambda mark: mark.position, default=previous)
        if previous != self.last:
            return Take((), (), self.last) if end == self.last else Behind(self.last)
        check(all(mark.position > previous.position for mark in marks), "a primary must not send what is before")
        return Take(tuple(snapshots), tuple(entries), end)

    def wrote(self, last: LogId) -> None:
        """The shell has written what ``receive`` told it to: the copy goes up to ``last``."""
        check(last.position >= self.last.position, "a copy must not shrink by writing")
        self.last = last

    def replaced(self, last: LogId) -> None:
        """The whole copy was replaced by the primary's, which goes up to ``last``."""
        self.last = last
