"""Rows of a journal that are damaged on purpose, past the journal, and those that are damaged: what chaos and the
simulator need. No server runs this.

Knows of sums what ``row_format`` promises, and nothing of how servers check them.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from server.log.journal.file import reader
from server.log.journal.rows import as_text
from server.log.row_format import LOST, Kind, checksum

BODIES = {"entries": "body", "snapshots": "body", "listings": "row"}
"""The tables with rows that are damaged, and the columns in which they are."""
_KINDS: tuple[tuple[str, Kind], ...] = (("entries", "entry"), ("snapshots", "snapshot"))
_WAIT_S = 0.5
"""How long a server that writes, or stands still in the middle of that, is waited for."""
_MARKS = (
    "SELECT position, epoch, stream, version FROM entries UNION SELECT position, epoch, stream, version FROM snapshots"
)


def damaged_rows(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """The rows that are not as a server wrote them, or only keep the place of one that was damaged: the stream of each,
    and which it is.
    """
    run = connection.execute
    for table, kind in _KINDS:
        for *row, sum_ in run(f"SELECT position, epoch, version, stream, body, sum FROM {table} ORDER BY 1, 4"):
            _, _, version, stream, body = row
            if body == LOST or sum_ != checksum(kind, *row):
                yield stream, f"{stream} in {table}, version {version}"
    for position, stream, row, sum_ in run("SELECT position, stream, row, sum FROM listings ORDER BY 2"):
        if sum_ != checksum("listing", position, 0, 0, stream, row):
            yield stream, f"{stream} in listings"


def damaged_in(file: Path) -> list[str]:
    """The damaged rows of a journal that a server may have open. Raises sqlite3.Error."""
    with closing(reader(file)) as connection:
        return [row for _, row in damaged_rows(connection)]


def rows_of(connection: sqlite3.Connection, table: str) -> list[tuple[str, int, bytes]]:
    """The rows of a table in the order of their positions: stream, position and body."""
    body = f"CAST({BODIES[table]} AS BLOB)"
    return connection.execute(f"SELECT stream, position, {body} FROM {table} ORDER BY 2, 1").fetchall()


def put_body(connection: sqlite3.Connection, table: str, stream: str, position: int, body: bytes) -> None:
    """Put these bytes in the place of what a row says."""
    connection.execute(
        f"UPDATE {table} SET {BODIES[table]} = CAST(? AS TEXT) WHERE stream = ? AND position = ?",
        (body, stream, position),
    )


def flipped(body: bytes, chance: random.Random) -> bytes:
    """The same with one bit flipped."""
    changed = bytearray(body)
    changed[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def flip_a_bit(file: Path, other: Path, chance: random.Random) -> str | None:
    """Flip a bit in a row of a journal that a server may have open, of a stream of which both copies are sound and
    where the ``other`` has what that row says; which row, None if there is none, or the file cannot be written now.
    """
    try:
        with closing(_writer(file)) as own, closing(reader(other)) as theirs:
            own.execute("BEGIN IMMEDIATE")
            row = _choose(own, theirs, chance)
            if row is not None:
                table, stream, position, body = row
                put_body(own, table, stream, position, flipped(body, chance))
            own.execute("COMMIT")
    except sqlite3.OperationalError:  # nobody has begun it yet, it is locked, or the disk is full
        return None
    return None if row is None else f"{stream} in {table}, position {position}"


def _choose(
    own: sqlite3.Connection, theirs: sqlite3.Connection, chance: random.Random
) -> tuple[str, str, int, bytes] | None:
    theirs.execute("BEGIN")
    unsound = {stream for copy in (own, theirs) for stream, _ in damaged_rows(copy)}
    known = set(theirs.execute(_MARKS)) & set(own.execute(_MARKS))
    places = {(stream, position) for position, _, stream, _ in known}
    found = {
        table: [row for row in rows_of(own, table) if row[:2] in places and row[0] not in unsound] for table in BODIES
    }
    tables = [table for table, rows in found.items() if rows]
    if not tables:
        return None
    table = chance.choice(tables)
    return (table, *chance.choice(found[table]))


def _writer(file: Path) -> sqlite3.Connection:
    uri = f"{file.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_WAIT_S)
    connection.text_factory = as_text
    return connection
