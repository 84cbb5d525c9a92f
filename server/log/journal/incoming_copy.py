"""Another server's journal on its way in: it arrives in parts, beside the present log, and then replaces it.

Lives here: every statement on the tables ``incoming_entries`` and ``incoming_snapshots``. Each function runs in a
transaction of its caller.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from server.log.entries import Entry, Snapshot, StreamCopy
from server.log.journal.rows import COLUMNS, TABLES, put_rows
from server.log.mending import filled, holes_of, rows_for
from server.log.row_format import LOST

INCOMING = "incoming_"
_LOST = " UNION ".join(f"SELECT stream FROM incoming_{table} WHERE body = ?1" for table in TABLES.values())


def clear(connection: sqlite3.Connection) -> None:
    """Delete what has arrived."""
    for table in TABLES.values():
        connection.execute(f"DELETE FROM incoming_{table}")


def fill(connection: sqlite3.Connection, own_copy: Callable[[str], StreamCopy]) -> None:
    """Replace lost rows of the incoming copy by sound rows of this journal.

    ``own_copy`` returns the rows of a stream that are here and belong to the incoming log.
    """
    for (stream,) in connection.execute(_LOST, (LOST,)).fetchall():
        incoming = _copy(connection, stream)
        holes = holes_of(incoming)
        if holes is not None:
            for table in TABLES.values():
                connection.execute(f"DELETE FROM incoming_{table} WHERE stream = ?", (stream,))
            whole = filled(incoming, rows_for(own_copy(stream), holes))
            put_rows(connection, whole.rows, INCOMING)


def move_in(connection: sqlite3.Connection) -> None:
    """Replace the present entries and snapshots by those that have arrived."""
    for table in TABLES.values():
        connection.execute(f"DELETE FROM {table}")
        connection.execute(f"INSERT INTO {table} ({COLUMNS}) SELECT {COLUMNS} FROM incoming_{table}")
        connection.execute(f"DELETE FROM incoming_{table}")


def _copy(connection: sqlite3.Connection, stream: str) -> StreamCopy:
    rows_of = f"SELECT {COLUMNS} FROM incoming_{{}} WHERE stream = ? ORDER BY 1"
    snapshots, entries = (
        [row[:5] for row in connection.execute(rows_of.format(table), (stream,))] for table in ("snapshots", "entries")
    )
    return StreamCopy(stream, Snapshot(*snapshots[0]) if snapshots else None, tuple(Entry(*entry) for entry in entries))
