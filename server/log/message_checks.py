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
from wire.arguments import Check

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
    end = max((part.position for part in parts), default=previous.position)
    for term in terms:
        if not (previous.position < term.first <= end and term.epoch <= epoch_number):
            raise InvalidArgument("terms must begin among the rows that are sent")
    for part in parts:
        if part.position <= previous.position:
            raise InvalidArgument("rows must come after the last row of the copy")
        if not part.epoch <= epoch_number:
            raise InvalidArgument("a row cannot have a higher epoch than its sender")


def _check_streams(names: Iterable[str]) -> None:
    if not all(map(is_stream, names)):
        raise InvalidArgument("must be a stream of a room, a username, the game archive or the service")


def _check_entries(rows: Sequence[Entry]) -> None:
    for before, after in itertools.pairwise(rows):
        if after.position <= before.position or after.epoch < before.epoch:
            raise InvalidArgument("must have rising positions, and epochs that do not fall")
    _check_streams(entry.stream for entry in rows)
    versions: dict[str, int] = {}
    for entry in rows:
        if entry.version <= versions.get(entry.stream, 0):
            raise InvalidArgument("must have rising versions in each stream")
        versions[entry.stream] = entry.version
        if not is_readable(entry.stream, entry.body, entry=True):
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
    if not all(is_unicode(term.holder) for term in rows):
        raise InvalidArgument("must have holders that are valid Unicode")


def _converted(kind: Any, check: Callable[[Any], None]) -> Check:
    def converted(value: object) -> Any:
        rows = convert(value, kind)
        check(rows)
        return rows

    return converted


log_id = _converted(LogId, lambda _: None)
"""Return a log id: epoch and position, each at least 0."""
stream = _converted(StreamName, lambda name: _check_streams([name]))
"""Return the name of a stream of a known kind."""
streams = _converted(Annotated[list[StreamName], _MOST], _check_streams)
"""Return names of streams."""
entries = _converted(Annotated[list[Entry], _MOST], _check_entries)
"""Return entries in order of position. Versions rise within each stream, with gaps where entries are compacted."""
snapshots = _converted(Annotated[list[Snapshot], _MOST], _check_snapshots)
"""Return snapshots, at most one of each stream."""
copies = _converted(Annotated[list[StreamCopy], _MOST], _check_copies)
"""Return whole streams, each as (stream, snapshot or None, entries)."""
terms = _converted(Annotated[list[EpochStart], _MOST], _check_terms)
"""Return terms with rising epochs."""
