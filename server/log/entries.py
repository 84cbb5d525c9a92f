"""The values of the log: entries, snapshots, log ids and epochs. No I/O.

A *stream* is the events of one thing, for example of one room (``room/<id>``) or one username (``name/<key>``). The log
is the entries of all streams in one order. A *log id* names a place in the log: the position of an entry and the epoch
in which it was written.

An epoch has a number and a holder: a ballot of Paxos. ``epoch_history`` has which of them wrote which part of a log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar, NamedTuple

from msgspec import Meta

from server.log.row_format import LOST, Kind

FARTHEST = 1 << 62
LONGEST_BODY = 1 << 24
MOST_ROWS = 10_000

Number = Annotated[int, Meta(ge=0, le=FARTHEST)]
Ordinal = Annotated[int, Meta(ge=1, le=FARTHEST)]
StreamName = Annotated[str, Meta(min_length=6, max_length=200)]
Body = Annotated[str, Meta(min_length=2, max_length=LONGEST_BODY)]
"""The limits of these four are those of rows from another server, which ``message_checks`` reads."""


class LogId(NamedTuple):
    """A place in the log: epoch and position. The end of an empty log is ``START``."""

    epoch: Number
    position: Number


START = LogId(0, 0)


class LogEnd(NamedTuple):
    """The end of a log, for comparison with another log: the last log id, and the holder of its epoch.

    The holder is empty for entries that were written before holders were recorded.
    """

    epoch: int
    position: int
    holder: str

    @property
    def log_id(self) -> LogId:
        return LogId(self.epoch, self.position)


EMPTY = LogEnd(0, 0, "")


class LogRow(NamedTuple):
    """A place in the log and in a stream, and JSON text."""

    position: Ordinal
    epoch: Ordinal
    stream: StreamName
    version: Ordinal
    body: Body

    @property
    def log_id(self) -> LogId:
        return LogId(self.epoch, self.position)

    @property
    def is_lost(self) -> bool:
        """Whether the row only keeps the place of a damaged row."""
        return self.body == LOST


class Entry(LogRow):
    """One event in the log. ``body`` is the event."""

    __slots__ = ()
    kind: ClassVar[Kind] = "entry"


class Snapshot(LogRow):
    """A stream's state at a version. Position and epoch are those of the last entry in it. ``body`` is the state."""

    __slots__ = ()
    kind: ClassVar[Kind] = "snapshot"


class StreamSummary(NamedTuple):
    """What lists show of a stream, so that its state need not be loaded.

    ``row`` is a room's row in the lobby, or None once the room is closed. For every other kind it is the whole state. A
    summary is derived from events; the entry at ``position`` was the last to change it.
    """

    stream: str
    position: int
    row: Mapping[str, object] | None


class StreamCursor(NamedTuple):
    """A place in a journal's streams by name: after this version of this stream."""

    stream: str
    version: int


BEFORE_ALL = StreamCursor("", 0)


def weight(body: str) -> int:
    """Return roughly the most bytes that an entry or snapshot with that body takes on the wire."""
    return len(body.encode()) + _WEIGHT_OF_A_ROW


_WEIGHT_OF_A_ROW = 300


class StreamCopy(NamedTuple):
    """The rows that one journal has of a stream, or a part of them. The entries may begin before the snapshot."""

    stream: StreamName
    snapshot: Snapshot | None
    entries: Annotated[tuple[Entry, ...], Meta(max_length=MOST_ROWS)]

    @property
    def rows(self) -> tuple[Entry | Snapshot, ...]:
        """The snapshot, if there is one, and the entries."""
        return self.entries if self.snapshot is None else (self.snapshot, *self.entries)

    @property
    def has_gap(self) -> bool:
        """Whether events are missing before the last one.

        This happens while a copy catches up with a log whose beginning is compacted. The gap closes when the snapshot
        arrives that includes these events.
        """
        return self.before_gap() != self

    def before_gap(self) -> StreamCopy:
        """Return the copy without the entries after the first missing event."""
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
        return max((row.version for row in self.rows), default=0)

    @property
    def end(self) -> int:
        """The position of the stream's last entry; 0 if there is none."""
        return max((row.position for row in self.rows), default=0)

    @property
    def place(self) -> StreamCursor:
        """The cursor at which the next part begins."""
        return StreamCursor(self.stream, self.rows[-1].version if self.rows else 0)

    def after(self, version: int) -> StreamCopy:
        """Return the part after a version; for version 0 this is the whole copy with its snapshot."""
        return self._replace(
            snapshot=None if version else self.snapshot,
            entries=tuple(entry for entry in self.entries if entry.version > version),
        )

    def first_part(self, most_bytes: int) -> StreamCopy:
        """Return the first part that weighs at most ``most_bytes``, but at least one entry."""
        left = most_bytes - (0 if self.snapshot is None else weight(self.snapshot.body))
        for number, entry in enumerate(self.entries):
            left -= weight(entry.body)
            if left < 0 and number:
                return self._replace(entries=self.entries[:number])
        return self

    def and_then(self, following: StreamCopy) -> StreamCopy:
        """Return this part joined with the next part."""
        return self._replace(entries=(*self.entries, *following.entries))

    @property
    def weight(self) -> int:
        """Roughly the most bytes that the copy takes on the wire."""
        return sum(weight(row.body) for row in self.rows)

    def of_log(self, contains: Callable[[LogId], bool]) -> StreamCopy:
        """Return only the rows of one log. ``contains`` returns whether that log has the entry with a log id."""
        own = self.snapshot is not None and contains(self.snapshot.log_id)
        entries = tuple(entry for entry in self.entries if contains(entry.log_id))
        return StreamCopy(self.stream, self.snapshot if own else None, entries)

    def up_to(self, position: int) -> StreamCopy:
        """Return the copy without the entries after a position."""
        return self._replace(entries=tuple(entry for entry in self.entries if entry.position <= position))


class Epoch(NamedTuple):
    """The number of a primary's term, and the holder's id, which differs between two servers with the same number."""

    number: int
    holder: str


NO_EPOCH = Epoch(0, "")
FARTHEST_LEAP = 1_000_000
"""How far an epoch may be above the last known epoch. Each takeover adds 1, and a copy misses only a few takeovers."""


class EpochStart(NamedTuple):
    """An epoch that wrote to a log, its holder, and the position of the first entry that it could write."""

    epoch: Ordinal
    holder: Annotated[str, Meta(max_length=64)]
    first: Ordinal
