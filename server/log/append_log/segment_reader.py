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
import re
from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

from server.log.append_log.batch_format import FRAME, EntryRow, SummaryRow
from server.log.row_format import LOST, checksum

Pattern = re.Pattern[bytes]

_HEADER_BEGIN = b"batch\n"
_HEADER, _ROW = re.compile(_HEADER_BEGIN), re.compile(b"(?:entry|listing)\n")
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
        header = _record(data, at, len(data), _HEADER)
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
    entries, summaries, _ = _rows(data, header.end, end)
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
    following = _next(data, at + 1, len(data), _HEADER)
    end = len(data) if following is None else following.begin
    first = _next(data, at + FRAME.size, end, _ROW)
    if first is None or not _is_end_of_header(data, at, first.begin):
        return Rest.TORN if following is None and _is_torn(data, at) else Rest.UNREADABLE
    entries, summaries, tiled = _rows(data, first.begin, end)
    if following is not None:
        previous = int(following.fields[1])
        if tiled != end or not entries or entries[-1][0] != previous:
            return Rest.UNREADABLE
    return StoredBatch(None, entries, summaries, tiled, damaged=True)


def _is_end_of_header(data: bytes, at: int, end: int) -> bool:
    """Return whether a damaged header ends there: its length is sound, or all but its length."""
    payload = at + FRAME.size
    length, sum_ = FRAME.unpack_from(data, at)
    return bool(payload + length == end or crc32(data[payload:end]) == sum_)


def _is_torn(data: bytes, at: int) -> bool:
    """Return whether the last bytes of a segment are only the beginning of a batch."""
    payload = at + FRAME.size
    if payload > len(data) or _UNWRITTEN in data[at:]:
        return True
    length, _ = FRAME.unpack_from(data, at)
    begin = data[payload : payload + len(_HEADER_BEGIN)]
    return _HEADER_BEGIN.startswith(begin) and payload + length >= len(data)


def _rows(data: bytes, begin: int, end: int) -> tuple[list[EntryRow], list[SummaryRow], int]:
    """Return the sound rows in a range, and the end of those that follow on one another from its beginning."""
    entries: list[EntryRow] = []
    summaries: list[SummaryRow] = []
    at = tiled = begin
    while (record := _next(data, at, end, _ROW)) is not None:
        kind, position, epoch, version, stream, body = record.fields
        if kind == b"entry":
            place = (int(position), int(epoch), stream.decode(), int(version))
            entries.append((*place, body.decode(), record.sum))
        else:
            summaries.append((stream.decode(), int(position), body.decode(), record.sum))
        at = record.end
        if record.begin == tiled:
            tiled = at
    return entries, summaries, tiled


def _places(body: bytes) -> Iterator[EntryRow]:
    """Yield the entries that a header lists, each as a lost row in its place."""
    fields = body.decode().split("\n")
    for at in range(0, len(fields) - 1, 4):
        place = (int(fields[at]), int(fields[at + 1]), int(fields[at + 2]), fields[at + 3])
        # Not the right checksum: the row is to be found damaged until it is repaired.
        yield place[0], place[1], place[3], place[2], LOST, checksum("entry", *place, LOST) ^ 1


def _record(data: bytes, at: int, end: int, kind: Pattern) -> _Record | None:
    """Return the record at an offset; None if no sound record of this kind begins there and ends before ``end``."""
    payload = at + FRAME.size
    if payload > end:
        return None
    length, sum_ = FRAME.unpack_from(data, at)
    content = data[payload : payload + length]
    if payload + length > end or not kind.match(content) or crc32(content) != sum_:
        return None
    return _Record(content.split(b"\n", 5), sum_, at, payload + length)


def _next(data: bytes, begin: int, end: int, kind: Pattern) -> _Record | None:
    """Return the first sound record of this kind that begins at ``begin`` or later and ends before ``end``."""
    record = _record(data, begin, end, kind)
    if record is not None:
        return record
    starts = (found.start() - FRAME.size for found in kind.finditer(data, begin + FRAME.size, end))
    return next((record for at in starts if (record := _record(data, at, end, kind)) is not None), None)
