"""Check each row of the log that a main server sends: shape, ranges, order, and that its body can be parsed.

A peer with the cluster's key is trusted to be honest, but not to be correct. An unreadable row in a copy would be found
only at a takeover, when it is too late. So a copy accepts only rows that it can read again. The functions are checks
for ``wire.arguments.remote``. No I/O.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TypeVar

from game.errors import InvalidArgument
from game.moment import Limits
from server.log.entries import Entry, EpochStart, LogId, Snapshot, StreamCopy
from server.log.row_format import LOST
from server.log.stream_kind import UNREADABLE, StreamKind
from server.log.streams import Streams, is_stream
from wire.arguments import sequence, text, whole

MOST_ROWS = 10_000
FARTHEST = 1 << 62
LONGEST_BODY = 1 << 24

_ROWS = sequence(most=MOST_ROWS)
_FROM_NOUGHT = whole(0, FARTHEST)
_FROM_ONE = whole(1, FARTHEST)
_STREAM = text(longest=200, shortest=6)
_BODY = text(longest=LONGEST_BODY, shortest=2)
_HOLDER = text(longest=64)
_STREAMS = Streams(Limits())  # parsing does not depend on limits

Row = TypeVar("Row", Entry, Snapshot)


def mark(value: object) -> LogId:
    """Return a log id: epoch and position, each at least 0."""
    if not isinstance(value, (list, tuple)) or len(value) != len(LogId._fields):
        raise InvalidArgument("must be an epoch and a position")
    return LogId(_FROM_NOUGHT(value[0]), _FROM_NOUGHT(value[1]))


def stream(value: object) -> str:
    """Return the name of a stream of a known kind."""
    name: str = _STREAM(value)
    if not is_stream(name):
        raise InvalidArgument("must be a stream of a room, a username, the book or the service")
    return name


def streams(value: object) -> list[str]:
    """Return names of streams."""
    return [stream(name) for name in _ROWS(value)]


def entries(value: object) -> list[Entry]:
    """Return entries in order of position. Versions rise within each stream, with gaps where entries are compacted."""
    rows = [_row(Entry, row) for row in _ROWS(value)]
    _rising([entry.mark for entry in rows])
    _rising_versions(rows)
    for entry in rows:
        _readable(entry.stream, entry.body, entry=True)
    return rows


def snapshots(value: object) -> list[Snapshot]:
    """Return snapshots, at most one of each stream."""
    rows = [_row(Snapshot, row) for row in _ROWS(value)]
    if len({snapshot.stream for snapshot in rows}) != len(rows):
        raise InvalidArgument("has two snapshots of one stream")
    for snapshot in rows:
        _readable(snapshot.stream, snapshot.body, entry=False)
    return rows


def copies(value: object) -> list[StreamCopy]:
    """Return whole streams, each as (stream, snapshot or None, entries)."""
    return [_copy(row) for row in _ROWS(value)]


def terms(value: object) -> list[EpochStart]:
    """Return terms with rising epochs."""
    rows = [_term(row) for row in _ROWS(value)]
    for before, after in itertools.pairwise(rows):
        if after.epoch <= before.epoch or after.first < before.first:
            raise InvalidArgument("must be in the order of epochs, and no position goes back")
    return rows


def follow(previous: LogId, office_epoch: int, parts: Sequence[Entry | Snapshot], terms: Sequence[EpochStart]) -> None:
    """Check that rows can follow ``previous`` in that epoch, and that ``terms`` begin within them.

    Raises InvalidArgument.
    """
    end = max((part.position for part in parts), default=previous.position)
    for term in terms:
        if not (previous.position < term.first <= end and term.epoch <= office_epoch):
            raise InvalidArgument("terms must begin in what is sent")
    for part in parts:
        if part.position <= previous.position:
            raise InvalidArgument("what is sent must come after what is there")
        if not part.epoch <= office_epoch:
            raise InvalidArgument("nothing can be written in an epoch that has not begun")


def _term(value: object) -> EpochStart:
    if not isinstance(value, (list, tuple)) or len(value) != len(EpochStart._fields):
        raise InvalidArgument("must be rows of epoch, holder and first position")
    epoch, holder, first = value
    return EpochStart(_FROM_ONE(epoch), _HOLDER(holder), _FROM_ONE(first))


def _copy(row: object) -> StreamCopy:
    if not isinstance(row, (list, tuple)) or len(row) != len(StreamCopy._fields):
        raise InvalidArgument("must be copies of streams: name, snapshot, entries")
    name = stream(row[0])
    snapshot = None if row[1] is None else snapshots([row[1]])[0]
    own = entries(row[2])
    if any(part.stream != name for part in (snapshot, *own) if part is not None):
        raise InvalidArgument("must be copies of streams, each with its own entries")
    return StreamCopy(name, snapshot, tuple(own))


def _row(kind: type[Row], value: object) -> Row:
    if not isinstance(value, (list, tuple)) or len(value) != len(kind._fields):
        raise InvalidArgument("must be rows of position, epoch, stream, version and body")
    position, epoch, name, version, body = value
    return kind(_FROM_ONE(position), _FROM_ONE(epoch), stream(name), _FROM_ONE(version), _BODY(body))


def _rising(marks: Sequence[LogId]) -> None:
    for before, after in itertools.pairwise(marks):
        if after.position <= before.position or after.epoch < before.epoch:
            raise InvalidArgument("must be in the order of positions, and no epoch goes back")


def _rising_versions(rows: Iterable[Entry]) -> None:
    versions: dict[str, int] = {}
    for entry in rows:
        if entry.version <= versions.get(entry.stream, 0):
            raise InvalidArgument("must have rising versions in each stream")
        versions[entry.stream] = entry.version


def _readable(name: str, body: str, *, entry: bool) -> None:
    """Raise InvalidArgument for a body that is no event (or no state) of such a stream."""
    if not is_readable(name, body, entry=entry):
        raise InvalidArgument(f"has a body that no {'event' if entry else 'state'} was written as")


def is_readable(name: str, body: str, *, entry: bool) -> bool:
    """Return whether a body is an event (or a state) of such a stream, or the body ``LOST``."""
    if body == LOST:
        return True
    kind: StreamKind = _STREAMS.kind_of(name)
    try:
        if entry:
            kind.read_event(body)
        else:
            kind.read_state(body)
    except UNREADABLE:
        return False
    return True
