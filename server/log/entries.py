"""What the log is made of: entries, snapshots, marks and terms. Values only; nothing here does I/O.

A *stream* is the events of one room (``room/<id>``) or one username (``name/<key>``); the log is the entries of all
streams in one order. A *mark* names a place in the log: its position and the epoch in which the entry there was
written. An epoch is a number and a holder: a main server that knows an old journal alone can choose a number that is
taken, but never another's holder. So two logs that have the same mark, written by the same holder, are the same up to
it: a holder writes each position once (the log matching property of Raft; number and holder together are a ballot of
Paxos; the list of terms is Kafka's leader epoch checkpoint).
"""

from __future__ import annotations

import bisect
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from game.errors import check


class LogId(NamedTuple):
    """A place in the log; the empty log's end is ``START``."""

    epoch: int
    position: int


START = LogId(0, 0)


class LogEnd(NamedTuple):
    """Where a log ends, as two logs compare it: the mark of the last entry, and the holder of the epoch it was written
    in. The holder is empty in what was written before holders were recorded.
    """

    epoch: int
    position: int
    holder: str

    @property
    def mark(self) -> LogId:
        return LogId(self.epoch, self.position)


EMPTY = LogEnd(0, 0, "")


class Entry(NamedTuple):
    """One event in the log. ``body`` is the event as JSON text."""

    position: int
    epoch: int
    stream: str
    version: int
    body: str

    @property
    def mark(self) -> LogId:
        return LogId(self.epoch, self.position)


class Snapshot(NamedTuple):
    """A stream's state at a version; the mark is that of the last entry in it. ``body`` is the state as JSON text."""

    position: int
    epoch: int
    stream: str
    version: int
    body: str

    @property
    def mark(self) -> LogId:
        return LogId(self.epoch, self.position)


class StreamSummary(NamedTuple):
    """What is told of a stream without its state: a room's row in the lobby, or None once it is closed; a username and
    whose it is. Derived from the events, by the one at ``position`` for the last time.
    """

    stream: str
    position: int
    row: Mapping[str, object] | None


class StreamCursor(NamedTuple):
    """A place in the streams of a journal by name: after that version of that stream."""

    stream: str
    version: int


BEFORE_ALL = StreamCursor("", 0)


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
    def version(self) -> int:
        """The version of the stream's last event; 0 if there is none."""
        return max((part.version for part in (self.snapshot, *self.entries) if part is not None), default=0)

    @property
    def end(self) -> int:
        """The position of the stream's last entry; 0 if there is none."""
        return max((part.position for part in (self.snapshot, *self.entries) if part is not None), default=0)

    @property
    def place(self) -> StreamCursor:
        """Where the next part begins, if this is one."""
        last = self.entries[-1] if self.entries else self.snapshot
        return StreamCursor(self.stream, 0 if last is None else last.version)

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

    def of_log(self, contains: Callable[[LogId], bool]) -> StreamCopy:
        """The copy without what is not of one log: ``contains`` tells whether that has the entry with a mark."""
        own = self.snapshot is not None and contains(self.snapshot.mark)
        entries = tuple(entry for entry in self.entries if contains(entry.mark))
        return StreamCopy(self.stream, self.snapshot if own else None, entries)

    def up_to(self, position: int) -> StreamCopy:
        """The copy without the entries after a position."""
        return self._replace(entries=tuple(entry for entry in self.entries if entry.position <= position))


class Epoch(NamedTuple):
    """A main server's term of office: its epoch, and an id that tells two servers of one epoch apart."""

    epoch: int
    holder: str


NO_OFFICE = Epoch(0, "")
FARTHEST_LEAP = 1_000_000
"""How far an epoch may be above the last: each takeover raises it by one, and a copy misses only some of them."""


class EpochStart(NamedTuple):
    """An epoch that wrote to a log, its holder, and the position of the first entry that it could write."""

    epoch: int
    holder: str
    first: int


class EpochHistory:
    """Which epoch of which holder wrote which positions of a log."""

    def __init__(self, terms: Iterable[EpochStart] = ()) -> None:
        self._terms: list[EpochStart] = []
        for term in terms:
            self.begin(term)

    def __iter__(self) -> Iterator[EpochStart]:
        return iter(self._terms)

    def begin(self, term: EpochStart) -> None:
        """That epoch writes from ``term.first`` on. Epochs rise, and no position goes back. A term that wrote nothing
        is replaced by the next.
        """
        if self._terms:
            last = self._terms[-1]
            check(term.epoch > last.epoch and term.first >= last.first, "terms must rise")
            if term.first == last.first:
                self._terms.pop()
        self._terms.append(term)

    @property
    def first(self) -> int:
        """The position from which on it is known which epoch wrote what."""
        return self._terms[0].first if self._terms else 1

    def written(self, after: int, upto: int) -> tuple[EpochStart, ...]:
        """The terms that begin after one position and up to another: what a copy that ends at ``after`` lacks."""
        return tuple(self._terms[self._begun_by(after) : self._begun_by(upto)])

    def end_at(self, last: LogId) -> LogEnd:
        """The end of this log, if ``last`` is the mark of its last entry."""
        term = self._term_of(last.position)
        return LogEnd(*last, term.holder if term is not None and term.epoch == last.epoch else "")

    def contain(self, end: LogEnd, last: LogId) -> bool:
        """Whether a log with these terms, and ``last`` as the mark of its last entry, begins with all of a log that
        ends at ``end``.
        """
        if end.mark == START:
            return True
        term = self._term_of(end.position)
        return (
            end.position <= last.position and term is not None and (term.epoch, term.holder) == (end.epoch, end.holder)
        )

    def mark_at(self, position: int) -> LogId | None:
        """The mark of a position, if these terms go back so far."""
        term = self._term_of(position)
        return None if term is None else LogId(term.epoch, position)

    def _term_of(self, position: int) -> EpochStart | None:
        begun = self._begun_by(position)
        return self._terms[begun - 1] if begun else None

    def _begun_by(self, position: int) -> int:
        """How many terms begin at a position or before it."""
        return bisect.bisect_right(self._terms, position, key=_FIRST)


_FIRST = operator.attrgetter("first")
