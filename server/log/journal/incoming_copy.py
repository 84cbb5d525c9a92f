"""Another server's journal on its way in: it arrives in parts, beside the present log, and then replaces it.

Lives here: every statement on the tables ``incoming_entries`` and ``incoming_snapshots``. Each function runs in a
transaction of its caller.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from server.log.entries import Entry, Snapshot, StreamCopy
from server.log.journal.rows import with_checksums
from server.log.journal.schema import COLUMNS, TABLES
from server.log.mending import filled, holes_of, rows_for
from server.log.row_format import LOST

_ADD = f"INSERT INTO incoming_{{}} ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
_LOST = " UNION ".join(f"SELECT stream FROM incoming_{table} WHERE body = ?1" for table in TABLES)


def clear(connection: sqlite3.Connection) -> None:
    """Delete what has arrived."""
    for table in TABLES:
        connection.execute(f"DELETE FROM incoming_{table}")


def add(connection: sqlite3.Connection, snapshots: Sequence[Snapshot], entries: Sequence[Entry]) -> None:
    """Store a part."""
    connection.executemany(_ADD.format("entries"), with_checksums("entry", entries))
    connection.executemany(_ADD.format("snapshots"), with_checksums("snapshot", snapshots))


def fill(connection: sqlite3.Connection, own_copy: Callable[[str], StreamCopy]) -> None:
    """Replace lost rows of the incoming copy by sound rows of this journal.

    ``own_copy`` returns the rows of a stream that are here and belong to the incoming log.
    """
    for (stream,) in connection.execute(_LOST, (LOST,)).fetchall():
        incoming = _copy(connection, stream)
        holes = holes_of(incoming)
        if holes is not None:
            for table in TABLES:
                connection.execute(f"DELETE FROM incoming_{table} WHERE stream = ?", (stream,))
            whole = filled(incoming, rows_for(own_copy(stream), holes))
            add(connection, [] if whole.snapshot is None else [whole.snapshot], whole.entries)


def move_in(connection: sqlite3.Connection) -> None:
    """Replace the present entries and snapshots by those that have arrived."""
    for table in TABLES:
        connection.execute(f"DELETE FROM {table}")
        connection.execute(f"INSERT INTO {table} ({COLUMNS}) SELECT {COLUMNS} FROM incoming_{table}")
        connection.execute(f"DELETE FROM incoming_{table}")


def _copy(connection: sqlite3.Connection, stream: str) -> StreamCopy:
    entries, snapshots = (
        [
            row[:5]
            for row in connection.execute(
                f"SELECT {COLUMNS} FROM incoming_{table} WHERE stream = ? ORDER BY 1", (stream,)
            )
        ]
        for table in TABLES
    )
    snapshot = Snapshot(*snapshots[0]) if snapshots else None
    return StreamCopy(stream, snapshot, tuple(Entry(*row) for row in entries))
