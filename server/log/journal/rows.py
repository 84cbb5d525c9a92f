"""Convert between SQLite rows of a journal and values of the log, and write and read them.

Checksums are added when a row is written and checked when it is read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from game.plain_values import as_json
from server.log.damaged_streams import DamagedStreams
from server.log.entries import Entry, Snapshot, StreamSummary
from server.log.row_format import LOST, Kind, checksum
from server.log.streams import is_stream

RowType = TypeVar("RowType", Entry, Snapshot)
Columns = Sequence[Any]
"""The columns of a row. In a damaged row each can be of any type."""
TABLES: Mapping[Kind, str] = {"entry": "entries", "snapshot": "snapshots"}
COLUMNS = "position, epoch, stream, version, body, sum"
"""The columns of both tables."""


def as_text(raw: bytes) -> str:
    """Decode a column. Invalid UTF-8 gives text that differs from every valid text."""
    return raw.decode("utf-8", "surrogateescape")


def as_bytes(text: str) -> bytes:
    """Encode text from ``as_text`` back into its bytes. SQLite compares them as ``CAST(? AS TEXT)``."""
    return text.encode("utf-8", "surrogateescape")


def put_rows(connection: sqlite3.Connection, rows: Iterable[Entry | Snapshot], prefix: str = "") -> None:
    """Write entries and snapshots with their checksums, in place of others in their places.

    ``prefix``: that of the tables' names.
    """
    of_kind: dict[Kind, list[tuple[object, ...]]] = {}
    for row in rows:
        position, epoch, stream, version, body = row
        sum_ = checksum(row.kind, position, epoch, version, stream, body)
        of_kind.setdefault(row.kind, []).append((*row, sum_))
    for kind, values in of_kind.items():
        connection.executemany(
            f"INSERT OR REPLACE INTO {prefix}{TABLES[kind]} ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", values
        )


def rows_from(
    row_type: type[RowType], rows: Iterable[Columns], damage: DamagedStreams, stream: str = ""
) -> list[RowType]:
    """Return the entries or snapshots in these rows; see ``_row``. ``stream`` is the stream of the query, if it was for
    a single stream.
    """
    return [found for row in rows if (found := _row(row_type, row, damage, stream)) is not None]


def is_sound(kind: Kind, row: Columns) -> bool:
    """Return whether a row of ``entries`` or ``snapshots`` is as it was written."""
    position, epoch, stream, version, body, sum_ = row
    is_typed = type(body) is type(stream) is str and all(type(n) is int for n in (position, epoch, version))
    return is_typed and bool(sum_ == checksum(kind, position, epoch, version, stream, body))


def _row(row_type: type[RowType], row: Columns, damage: DamagedStreams, queried: str) -> RowType | None:
    """Return the value in a row. A damaged row keeps its place and gets the body ``LOST``.

    Return None if its place cannot be read. Damage is recorded in ``damage``.
    """
    if is_sound(row_type.kind, row):
        found = row_type(*row[:5])
        if found.is_lost:
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
    row = as_json(summary.row).decode()
    return summary.stream, summary.position, row, checksum("listing", summary.position, 0, 0, summary.stream, row)


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
    is_typed = type(stream) is type(text) is str and type(position) is int
    return is_typed and bool(sum_ == checksum("listing", position, 0, 0, stream, text))
