"""Reads the batches of a segment back, also where it is torn or damaged. Pure.

What each defect means:

- The last batch lacks bytes, or blocks of it are zero: it was not written to its end, so it was never acknowledged. It
  is cut.
- A record of a whole batch does not match its checksum: the header has the place of its entry. The entry keeps it with
  the body ``LOST``, and is repaired from the other copy.
- The header of a batch is damaged, and its rows are whole: they are read without it.
- Where it cannot be told which entries are missing, reading ends. The rest is unreadable.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from zlib import crc32

from server.log.append_log.batch_format import FRAME, EntryRow, SummaryRow
from server.log.row_format import LOST, checksum

_HEADER = b"batch\n"
_ROWS = (b"entry\n", b"listing\n")
_UNWRITTEN = bytes(8)
"""No record has so many zero bytes in a row: bodies are JSON, which has none."""
_UNSOUND_SUMMARY = ("", 0)
"""Text and checksum of a summary that has to be made again."""


class Rest(enum.Enum):
    """What follows on the last batch that could be read."""

    NOTHING = "nothing"
    TORN = "a batch that was not written to its end"
    UNREADABLE = "damage that hides which entries are missing"


class StoredBatch(NamedTuple):
    """A batch in a segment. ``previous`` is None if its header is damaged. ``end`` is the offset after it."""

    previous: int | None
    entries: list[EntryRow]
    summaries: list[SummaryRow]
    end: int
    damaged: bool = False


class _Record(NamedTuple):
    """A sound record: the six fields of its payload, its checksum, and its offsets."""

    fields: list[bytes]
    sum: int
    begin: int
    end: int


def read_batches(data: bytes, start: int = 0) -> tuple[list[StoredBatch], Rest]:
    """Return the batches of a segment from an offset on, and what follows on them."""
    found: list[StoredBatch] = []
    at = start
    while at < len(data):
        header = _record(data, at, len(data), (_HEADER,))
        batch = _without_header(data, at) if header is None else _with_header(data, header)
        if isinstance(batch, Rest):
            return found, batch
        found.append(batch)
        at = batch.end
    return found, Rest.NOTHING


def _with_header(data: bytes, header: _Record) -> StoredBatch | Rest:
    previous, count, size = (int(field) for field in header.fields[1:4])
    end = header.end + size
    if end > len(data):
        return Rest.TORN
    rows = _Rows(data, header.end, end)
    entries, summaries = rows.entries, rows.summaries
    if len(entries) + len(summaries) == count:
        return StoredBatch(previous, entries, summaries, end)
    if end == len(data) and _UNWRITTEN in data[header.end :]:
        return Rest.TORN
    sound = {row[0]: row for row in entries}
    entries = [sound.get(place[0], place) for place in _places(header.fields[5])]
    if len(entries) + len(summaries) < count:
        listed = {row[0] for row in summaries}
        summaries += [(row[2], row[0], *_UNSOUND_SUMMARY) for row in entries if row[2] not in listed]
    return StoredBatch(previous, entries, summaries, end, damaged=True)


def _without_header(data: bytes, at: int) -> StoredBatch | Rest:
    """Read the rows after a damaged header, if it is certain that they are all rows of its batch."""
    following = _next(data, at + 1, len(data), (_HEADER,))
    end = len(data) if following is None else following.begin
    first = _end_of_damaged_header(data, at, end)
    if first is None:
        return Rest.TORN if following is None and _is_torn(data, at) else Rest.UNREADABLE
    rows = _Rows(data, first, end)
    if following is not None:
        previous = int(following.fields[1])
        if rows.tiled != end or not rows.entries or rows.entries[-1][0] != previous:
            return Rest.UNREADABLE
    return StoredBatch(None, rows.entries, rows.summaries, rows.tiled, damaged=True)


def _end_of_damaged_header(data: bytes, at: int, end: int) -> int | None:
    """Return the offset of the first row after a damaged header; None if it is not certain.

    It is certain if the header's length leads to a sound row, or if only that length is damaged.
    """
    payload = at + FRAME.size
    if payload > end:
        return None
    length, sum_ = FRAME.unpack_from(data, at)
    by_length = _record(data, payload + length, end, _ROWS)
    if by_length is not None:
        return by_length.begin
    first = _next(data, payload, end, _ROWS)
    return first.begin if first is not None and crc32(data[payload : first.begin]) == sum_ else None


def _is_torn(data: bytes, at: int) -> bool:
    """Return whether the last bytes of a segment are only the beginning of a batch."""
    payload = at + FRAME.size
    if payload > len(data) or _UNWRITTEN in data[at:]:
        return True
    length, _ = FRAME.unpack_from(data, at)
    return _HEADER.startswith(data[payload : payload + len(_HEADER)]) and payload + length >= len(data)


class _Rows:
    """The sound rows in a range. ``tiled`` is the end of those that follow on one another from its beginning."""

    def __init__(self, data: bytes, begin: int, end: int) -> None:
        self.entries: list[EntryRow] = []
        self.summaries: list[SummaryRow] = []
        self.tiled = begin
        record = _record(data, begin, end, _ROWS) or _next(data, begin, end, _ROWS)
        while record is not None:
            if record.begin == self.tiled:
                self.tiled = record.end
            self._add(record)
            record = _record(data, record.end, end, _ROWS) or _next(data, record.end, end, _ROWS)

    def _add(self, record: _Record) -> None:
        kind, position, epoch, version, stream, body = record.fields
        if kind == b"entry":
            place = (int(position), int(epoch), stream.decode(), int(version))
            self.entries.append((*place, body.decode(), record.sum))
        else:
            self.summaries.append((stream.decode(), int(position), body.decode(), record.sum))


def _places(body: bytes) -> Iterator[EntryRow]:
    """Yield the entries that a header lists, each as a lost row in its place."""
    fields = body.decode().split("\n")
    for at in range(0, len(fields) - 1, 4):
        place = (int(fields[at]), int(fields[at + 1]), int(fields[at + 2]), fields[at + 3])
        # Not the right checksum: the row is to be found damaged until it is repaired.
        yield place[0], place[1], place[3], place[2], LOST, checksum("entry", *place, LOST) ^ 1


def _record(data: bytes, at: int, end: int, kinds: Sequence[bytes]) -> _Record | None:
    """Return the record at an offset; None if no sound record of these kinds begins there and ends before ``end``."""
    payload = at + FRAME.size
    if payload > end:
        return None
    length, sum_ = FRAME.unpack_from(data, at)
    content = data[payload : payload + length]
    if payload + length > end or not content.startswith(tuple(kinds)) or crc32(content) != sum_:
        return None
    return _Record(content.split(b"\n", 5), sum_, at, payload + length)


def _next(data: bytes, begin: int, end: int, kinds: Sequence[bytes]) -> _Record | None:
    """Return the first sound record of these kinds that begins at ``begin`` or later and ends before ``end``."""
    starts = [data.find(kind, begin + FRAME.size, end) for kind in kinds]
    while any(start >= 0 for start in starts):
        start = min(start for start in starts if start >= 0)
        record = _record(data, start - FRAME.size, end, kinds)
        if record is not None:
            return record
        starts = [data.find(kind, start + 1, end) for kind in kinds]
    return None
