"""Damages rows of a journal on purpose, and finds damaged rows, without the ``Journal``.

Chaos and the simulator use it; no server does.

It relies only on the checksums that ``row_format`` defines, not on how servers check them.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from server.log.journal.file import reader
from server.log.journal.rows import as_text
from server.log.row_format import LOST, Kind, checksum

BODIES = {"entries": "body", "snapshots": "body", "listings": "row"}
"""The tables with rows to damage, and the damaged column of each."""
_KINDS: tuple[tuple[str, Kind], ...] = (("entries", "entry"), ("snapshots", "snapshot"))
_WAIT_S = 0.5
"""How long to wait for a server that is writing, or is suspended while writing, in seconds."""
_MARKS = (
    "SELECT position, epoch, stream, version FROM entries UNION SELECT position, epoch, stream, version FROM snapshots"
)


def damaged_rows(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yield the stream and a description of each row that is damaged, or is the placeholder of a damaged one."""
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
    """Return the damaged rows of a journal. A server may have it open. Raises sqlite3.Error."""
    with closing(reader(file)) as connection:
        return [row for _, row in damaged_rows(connection)]


def rows_of(connection: sqlite3.Connection, table: str) -> list[tuple[str, int, bytes]]:
    """Return the rows of a table by position: stream, position and body."""
    body = f"CAST({BODIES[table]} AS BLOB)"
    return connection.execute(f"SELECT stream, position, {body} FROM {table} ORDER BY 2, 1").fetchall()


def random_row(
    connection: sqlite3.Connection, rng: random.Random, may_be: Callable[[str, int], bool]
) -> tuple[str, str, int, bytes] | None:
    """Return a random row: table, stream, position and body; or None. ``may_be`` gets stream and position."""
    found = {table: [row for row in rows_of(connection, table) if may_be(*row[:2])] for table in BODIES}
    tables = [table for table, rows in found.items() if rows]
    if not tables:
        return None
    table = rng.choice(tables)
    return (table, *rng.choice(found[table]))


def put_body(connection: sqlite3.Connection, table: str, stream: str, position: int, body: bytes) -> None:
    """Replace the body of a row."""
    connection.execute(
        f"UPDATE {table} SET {BODIES[table]} = CAST(? AS TEXT) WHERE stream = ? AND position = ?",
        (body, stream, position),
    )


def flipped(body: bytes, rng: random.Random) -> bytes:
    """Return the body with one random bit flipped."""
    changed = bytearray(body)
    changed[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def flip_a_bit(file: Path, other: Path, rng: random.Random) -> str | None:
    """Flip a bit in a row of a journal.

    A server may have it open. Both copies of the row's stream are undamaged, and ``other`` has the same row. Return a
    description of the row, or None if there is no such row or the file cannot be written now.
    """
    try:
        with closing(_writer(file)) as own, closing(reader(other)) as theirs:
            own.execute("BEGIN IMMEDIATE")
            row = _choose(own, theirs, rng)
            if row is not None:
                table, stream, position, body = row
                put_body(own, table, stream, position, flipped(body, rng))
            own.execute("COMMIT")
    except sqlite3.OperationalError:  # the journal does not exist yet, is locked, or the disk is full
        return None
    return None if row is None else f"{stream} in {table}, position {position}"


def _choose(
    own: sqlite3.Connection, theirs: sqlite3.Connection, rng: random.Random
) -> tuple[str, str, int, bytes] | None:
    theirs.execute("BEGIN")
    unsound = {stream for copy in (own, theirs) for stream, _ in damaged_rows(copy)}
    known = set(theirs.execute(_MARKS)) & set(own.execute(_MARKS))
    places = {(stream, position) for position, _, stream, _ in known}
    return random_row(own, rng, lambda stream, position: (stream, position) in places and stream not in unsound)


def _writer(file: Path) -> sqlite3.Connection:
    uri = f"{file.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_WAIT_S)
    connection.text_factory = as_text
    return connection
