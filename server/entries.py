"""What the log is made of: entries, snapshots, marks and terms. Values only; nothing here does I/O.

A *stream* is the events of one room (``room/<id>``) or one username (``name/<key>``); the log is the entries of all
streams in one order. A *mark* names a place in the log: its position and the epoch in which the entry there was
written. Two logs that have the same mark are the same up to it, because one epoch has one main server and that
writes its positions once (the log matching property of Raft; the list of terms is Kafka's leader epoch checkpoint).
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from game.errors import check


class Mark(NamedTuple):
    """A place in the log; the empty log's end is ``START``."""

    epoch: int
    position: int


START = Mark(0, 0)


class Entry(NamedTuple):
    """One event in the log. ``body`` is the event as JSON text."""

    position: int
    epoch: int
    stream: str
    version: int
    body: str

    @property
    def mark(self) -> Mark:
        return Mark(self.epoch, self.position)


class Snapshot(NamedTuple):
    """A stream's state at a version; the mark is that of the last entry in it. ``body`` is the state as JSON text."""

    position: int
    epoch: int
    stream: str
    version: int
    body: str

    @property
    def mark(self) -> Mark:
        return Mark(self.epoch, self.position)


class Listing(NamedTuple):
    """What is told of a stream without its state: a room's row in the lobby, or None once it is closed; a username and
    whose it is. Derived from the events, by the one at ``position`` for the last time.
    """

    stream: str
    position: int
    row: Mapping[str, object] | None


class Place(NamedTuple):
    """A place in the streams of a journal by name: after that version of that stream."""

    stream: str
    version: int


BEFORE_ALL = Place("", 0)


def weight(body: str) -> int:
    """About how many bytes an entry or a snapshot with that body is on the wire, at the most."""
    return len(body.encode()) + _WEIGHT_OF_A_ROW


_WEIGHT_OF_A_ROW = 300


class StreamCopy(NamedTuple):
    """All that one journal has of a stream, or a part of that; the entries may begin before the snapshot."""

    stream: str
    snapshot: Snapshot | None
    entries: tuple[Entry, ...]

    @property
    def rank(self) -> tuple[int, int]:
        """What decides between two copies: the highest epoch counts, then the highest version."""
        ends = [(part.epoch, part.version) for part in (self.snapshot, *self.entries) if part is not None]
        return max(ends, default=(0, 0))

    @property
    def has_gap(self) -> bool:
        """Whether events are missing before its last one: so it is while a copy catches up with a log of which the
        beginning is compacted, until the snapshot comes that stands for them.
        """
        return self.before_gap() != self

    def before_gap(self) -> StreamCopy:
        """The copy without the entries after the first event that is missing."""
        version = 0 if self.snapshot is None else self.snapshot.version
        kept: list[Entry] = []
        for entry in self.entries:
            if entry.version > version:
                if entry.version != version + 1:
                    break
                version = entry.version
            kept.append(entry)
        return self._replace(entries=tuple(kept) if version else ())

    @property
    def end(self) -> int:
        """The position of the stream's last entry; 0 if there is none."""
        return max((part.position for part in (self.snapshot, *self.entries) if part is not None), default=0)

    @property
    def place(self) -> Place:
        """Where the next part begins, if this is one."""
        last = self.entries[-1] if self.entries else self.snapshot
        return Place(self.stream, 0 if last is None else last.version)

    def after(self, version: int) -> StreamCopy:
        """The part after a version, if that is not the beginning."""
        return self._replace(
            snapshot=None if version else self.snapshot,
            entries=tuple(entry for entry in self.entries if entry.version > version),
        )

    def first_part(self, most_bytes: int) -> StreamCopy:
        """As much from the beginning as weighs no more than that, but one entry at least."""
        left = most_bytes - (0 if self.snapshot is None else weight(self.snapshot.body))
        for number, entry in enumerate(self.entries):
            left -= weight(entry.body)
            if left < 0 and number:
                return self._replace(entries=self.entries[:number])
        return self

    def and_then(self, following: StreamCopy) -> StreamCopy:
        """This part and the next one."""
        return self._replace(entries=(*self.entries, *following.entries))

    @property
    def weight(self) -> int:
        """About how many bytes it is on the wire, at the most."""
        return sum(weight(part.body) for part in (self.snapshot, *self.entries) if part is not None)

    def up_to(self, position: int) -> StreamCopy:
        """The copy without the entries after a position."""
        return self._replace(entries=tuple(entry for entry in self.entries if entry.position <= position))


class Office(NamedTuple):
    """A main server's term of office: its epoch, and an id that tells two servers of one epoch apart."""

    epoch: int
    holder: str


NO_OFFICE = Office(0, "")


class Terms:
    """Which epoch wrote which positions of a log: answers whether a mark is in it."""

    def __init__(self, beginnings: Iterable[Mark] = ()) -> None:
        self._beginnings: list[Mark] = []
        for beginning in beginnings:
            self.begin(beginning)

    def begin(self, first: Mark) -> None:
        """Epoch ``first.epoch`` writes from ``first.position`` on."""
        last = self._beginnings[-1] if self._beginnings else START
        check(first.epoch > last.epoch and first.position >= last.position, "terms must rise")
        self._beginnings.append(first)

    def contain(self, mark: Mark, end: Mark) -> bool:
        """Whether a log with these terms that ends at ``end`` has that mark."""
        if mark == START:
            return True
        if mark.position > end.position:
            return False
        index = bisect.bisect_right([beginning.position for beginning in self._beginnings], mark.position) - 1
        return index >= 0 and self._beginnings[index].epoch == mark.epoch
