"""Convert between SQLite rows of a journal and values of the log. Pure.

Checksums are added when a row is written and checked when it is read. A row without a checksum was written by an older
version; it is sound if it can be parsed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from server.log.damaged_streams import DamagedStreams
from server.log.entries import Entry, Snapshot, StreamSummary
from server.log.mending import is_lost
from server.log.message_checks import is_readable
from server.log.row_format import LOST, Kind, checksum
from server.log.streams import is_stream

Row = TypeVar("Row", Entry, Snapshot)
Columns = Sequence[Any]
"""position, epoch, stream, version, body, sum. In a damaged row each can be of any type."""


def as_text(raw: bytes) -> str:
    """Decode a column. Invalid UTF-8 gives text that differs from every valid text."""
    return raw.decode("utf-8", "surrogateescape")


def as_bytes(text: str) -> bytes:
    """Encode text from ``as_text`` back into its bytes. SQLite compares them as ``CAST(? AS TEXT)``."""
    return text.encode("utf-8", "surrogateescape")


def with_checksums(kind: Kind, rows: Iterable[Entry | Snapshot]) -> Iterator[tuple[object, ...]]:
    """Yield the rows with their checksums, as they are written."""
    for row in rows:
        position, epoch, stream, version, body = row
        yield position, epoch, stream, version, body, checksum(kind, position, epoch, version, stream, body)


def entries_from(rows: Iterable[Columns], damage: DamagedStreams, stream: str = "") -> list[Entry]:
    """Return the entries in these rows; see ``_row``. ``stream`` is the stream of the query, if it was for a single
    stream.
    """
    return [entry for row in rows if (entry := _row(Entry, "entry", row, damage, stream)) is not None]


def snapshots_from(rows: Iterable[Columns], damage: DamagedStreams, stream: str = "") -> list[Snapshot]:
    """Return the snapshots in these rows; the arguments are those of ``entries_from``."""
    return [found for row in rows if (found := _row(Snapshot, "snapshot", row, damage, stream)) is not None]


def is_sound(kind: Kind, row: Columns) -> bool:
    """Return whether a row of ``entries`` or ``snapshots`` is as it was written."""
    position, epoch, stream, version, body, sum_ = row
    if type(body) is not str or type(stream) is not str or not all(type(n) is int for n in (position, epoch, version)):
        return False
    if sum_ is None:
        return is_stream(stream) and is_readable(stream, body, entry=kind == "entry")
    return bool(sum_ == checksum(kind, position, epoch, version, stream, body))


def _row(row_type: type[Row], kind: Kind, row: Columns, damage: DamagedStreams, queried: str) -> Row | None:
    """Return the value in a row. A damaged row keeps its place and gets the body ``LOST``.

    Return None if its place cannot be read. Damage is recorded in ``damage``.
    """
    if is_sound(kind, row):
        found = row_type(*row[:5])
        if is_lost(found):
            damage.add(found.stream)
        return found
    position, epoch, stream, version = row[:4]
    stream = queried or stream
    if type(stream) is not str or not is_stream(stream):
        return None
    damage.add(stream)
    if not all(type(number) is int and number > 0 for number in (position, epoch, version)):
        return None
    return row_type(position, epoch, stream, version, LOST)


def summary_row(summary: StreamSummary) -> tuple[str, int, str, int]:
    """Return the row of a stream summary."""
    row = json.dumps(summary.row)
    return summary.stream, summary.position, row, _summary_checksum(summary.stream, summary.position, row)


def summaries_from(rows: Sequence[Columns]) -> tuple[list[StreamSummary], list[str]]:
    """Return the stream summaries in these rows, and the streams of the damaged rows."""
    sound = [row for row in rows if is_sound_summary(row)]
    read = msgspec.json.decode(f"[{','.join(row for _, _, row, _ in sound)}]")
    summaries = [
        StreamSummary(stream, position, row) for (stream, position, _, _), row in zip(sound, read, strict=True)
    ]
    unsound = (
        [row[0] for row in rows if not is_sound_summary(row) and type(row[0]) is str] if len(sound) < len(rows) else []
    )
    return summaries, unsound


def is_sound_summary(row: Columns) -> bool:
    """Return whether a row of ``listings`` is as it was written."""
    stream, position, text, sum_ = row
    if type(stream) is not str or type(position) is not int or type(text) is not str:
        return False
    if sum_ is None:
        return is_stream(stream) and _is_json(text)
    return bool(sum_ == _summary_checksum(stream, position, text))


def _summary_checksum(stream: str, position: int, text: str) -> int:
    return checksum("listing", position, 0, 0, stream, text)


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return False
    return True
