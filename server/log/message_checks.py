"""Check each row of the log that a main server sends: shape, ranges, order, and that its body can be parsed.

A peer with the cluster's key is trusted to be honest, but not to be correct. An unreadable row in a copy would be found
only at a takeover, when it is too late. So a copy accepts only rows that it can read again. The functions are checks
for ``wire.arguments.remote``. No I/O.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

from msgspec import Meta

from game.context import Limits
from game.errors import InvalidArgument
from game.plain_values import convert, is_unicode
from server.log.entries import MOST_ROWS, Entry, EpochStart, LogId, Snapshot, StreamCopy, StreamName
from server.log.row_format import LOST
from server.log.stream_kind import UNREADABLE, StreamKind
from server.log.streams import Streams, is_stream

_STREAMS = Streams(Limits())  # parsing does not depend on limits
_MOST = Meta(max_length=MOST_ROWS)


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


def follow(previous: LogId, epoch_number: int, parts: Sequence[Entry | Snapshot], terms: Sequence[EpochStart]) -> None:
    """Check that rows can follow ``previous`` in that epoch, and that ``terms`` begin within them.

    Raises InvalidArgument.
    """
    after = end = previous.position
    for part in parts:
        if part.position <= after:
            raise InvalidArgument("rows must come after the last row of the copy")
        if part.epoch > epoch_number:
            raise InvalidArgument("a row cannot have a higher epoch than its sender")
        end = max(end, part.position)
    for term in terms:
        if not (after < term.first <= end and term.epoch <= epoch_number):
            raise InvalidArgument("terms must begin among the rows that are sent")


def _check_streams(names: Iterable[str]) -> None:
    if not all(map(is_stream, names)):
        raise InvalidArgument("must be a stream of a room, a username, the game archive or the service")


def _check_entries(rows: Sequence[Entry]) -> None:
    last_position = last_epoch = 0
    versions: dict[str, int] = {}
    for position, epoch, stream, version, _ in rows:
        if position <= last_position or epoch < last_epoch:
            raise InvalidArgument("must have rising positions, and epochs that do not fall")
        last_position, last_epoch = position, epoch
        if version <= versions.get(stream, 0):
            raise InvalidArgument("must have rising versions in each stream")
        versions[stream] = version
    _check_streams(versions)
    if not all(is_readable(row.stream, row.body, entry=True) for row in rows):
        raise InvalidArgument("has a body that is no event of its stream")


def _check_snapshots(rows: Sequence[Snapshot]) -> None:
    if len({snapshot.stream for snapshot in rows}) != len(rows):
        raise InvalidArgument("has two snapshots of one stream")
    _check_streams(snapshot.stream for snapshot in rows)
    if not all(is_readable(snapshot.stream, snapshot.body, entry=False) for snapshot in rows):
        raise InvalidArgument("has a body that is no state of its stream")


def _check_copies(rows: Sequence[StreamCopy]) -> None:
    for name, snapshot, own in rows:
        known = () if snapshot is None else (snapshot,)
        if any(part.stream != name for part in (*known, *own)):
            raise InvalidArgument("must be copies of streams, each with its own entries")
        _check_streams([name])
        _check_snapshots(known)
        _check_entries(own)


def _check_terms(rows: Sequence[EpochStart]) -> None:
    for before, after in itertools.pairwise(rows):
        if after.epoch <= before.epoch or after.first < before.first:
            raise InvalidArgument("must have rising epochs, and first positions that do not fall")
    for term in rows:
        if not is_unicode(term.holder):
            raise InvalidArgument("must have holders that are valid Unicode")


class RowCheck:
    """A check of rows. Rows from the wire are plain data, or have been read as ``kind`` already."""

    def __init__(self, kind: Any, check: Callable[[Any], None]) -> None:
        """``check`` checks what a type cannot require. It raises InvalidArgument."""
        self.kind = kind
        self.check = check

    def __call__(self, value: object) -> Any:
        """Return plain data as ``kind``. Raises InvalidArgument."""
        rows = convert(value, self.kind)
        self.check(rows)
        return rows


log_id = RowCheck(LogId, lambda _: None)
"""Return a log id: epoch and position, each at least 0."""
stream = RowCheck(StreamName, lambda name: _check_streams([name]))
"""Return the name of a stream of a known kind."""
streams = RowCheck(Annotated[list[StreamName], _MOST], _check_streams)
"""Return names of streams."""
entries = RowCheck(Annotated[list[Entry], _MOST], _check_entries)
"""Return entries in order of position. Versions rise within each stream, with gaps where entries are compacted."""
snapshots = RowCheck(Annotated[list[Snapshot], _MOST], _check_snapshots)
"""Return snapshots, at most one of each stream."""
copies = RowCheck(Annotated[list[StreamCopy], _MOST], _check_copies)
"""Return whole streams, each as (stream, snapshot or None, entries)."""
terms = RowCheck(Annotated[list[EpochStart], _MOST], _check_terms)
"""Return terms with rising epochs."""
