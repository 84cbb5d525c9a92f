"""The statements that move the tail of the log from the segments into SQLite.

Each function runs in a transaction of its caller. All rows of a kind go in one statement. While a statement runs, other
threads of Python run too; after each statement this thread must wait for them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec
import structlog

from server.log.append_log.recovery import LogPlace, TailBatch
from server.log.journal.rows import COLUMNS
from server.log.row_format import checksum

_ADD = "INSERT {} INTO {} SELECT {} FROM json_each(?)"
_ENTRIES, _SUMMARIES = f"entries ({COLUMNS})", "listings (stream, position, row, sum)"
_PUT_FILLED = "INSERT OR REPLACE INTO filled (only_row, segment, offset, sum) VALUES (1, ?, ?, ?)"
NOTHING_FILLED = LogPlace(0, 0)

logger = structlog.get_logger()


def add_batches(connection: sqlite3.Connection, batches: Sequence[TailBatch]) -> None:
    """Store the rows of these batches, and that SQLite has the segments up to the last of them."""
    rows = [(*entry, sum_) for batch in batches for entry, sum_ in zip(batch.entries, batch.sums, strict=True)]
    entries = msgspec.json.encode(rows).decode()
    try:
        connection.execute(_statement("", _ENTRIES, 6), (entries,))
    except sqlite3.IntegrityError as error:
        # The log has these entries, so the index must not stop it. The later entry of a version counts.
        logger.error("entries of one version or position", why=str(error), first=rows[0][0])
        connection.execute(_statement("OR REPLACE", _ENTRIES, 6), (entries,))
    summaries = [row for batch in batches for row in batch.summaries]
    if summaries:
        text = msgspec.json.encode(summaries).decode()
        connection.execute(_statement("OR REPLACE", _SUMMARIES, 4), (text,))
    store_filled(connection, batches[-1].end)


def store_filled(connection: sqlite3.Connection, place: LogPlace) -> None:
    """Record that SQLite has the segments up to a place."""
    connection.execute(_PUT_FILLED, (*place, _checksum(place)))


def read_filled(connection: sqlite3.Connection) -> LogPlace | None:
    """Return the place up to which SQLite has the segments, or None if that row is damaged."""
    row = connection.execute("SELECT segment, offset, sum FROM filled").fetchone()
    if row is None:
        return NOTHING_FILLED
    if type(row[0]) is not int or type(row[1]) is not int:
        return None
    place = LogPlace(row[0], row[1])
    return place if row[2] == _checksum(place) else None


def _statement(conflict: str, target: str, columns: int) -> str:
    return _ADD.format(conflict, target, ", ".join(f"json_extract(value, '$[{at}]')" for at in range(columns)))


def _checksum(place: LogPlace) -> int:
    return checksum("filled", place.offset, place.segment, 0, "", "")
