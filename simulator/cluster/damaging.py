"""Damage to a row of a journal on a simulated disk, and the search for what is left of it.

Writes past the journal, as a failing disk or a person with an editor does. Knows of sums what ``row_format`` promises,
and nothing of how servers check them.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from typing import Any

from server.row_format import LOST, Kind, checksum

EDITED = 0.4
"""How likely an event is edited, where a person could: it can be read then, and is not what happened."""
_EDITOR = "mallory"
_BODIES = {"entries": "body", "snapshots": "body", "listings": "row"}
_KINDS: tuple[tuple[str, Kind], ...] = (("entries", "entry"), ("snapshots", "snapshot"))


def damage_a_row(connection: sqlite3.Connection, chance: random.Random, *, upto: int) -> str | None:
    """Change the body of a row of no later position than that; which one, None if there is none."""
    table = chance.choice(list(_BODIES))
    column = _BODIES[table]
    rows = connection.execute(
        f"SELECT stream, position, CAST({column} AS BLOB) FROM {table} WHERE position <= ? ORDER BY position, stream",
        (upto,),
    ).fetchall()
    if not rows:
        return None
    stream, position, body = chance.choice(rows)
    connection.execute(
        f"UPDATE {table} SET {column} = CAST(? AS TEXT) WHERE stream = ? AND position = ?",
        (_edited(body) if chance.random() < EDITED else _flipped(body, chance), stream, position),
    )
    return f"{stream} in {table}, position {position}"


def damaged_rows(connection: sqlite3.Connection) -> Iterator[str]:
    """The rows that are not as a server wrote them, or only keep the place of one that was damaged."""
    run = connection.execute
    for table, kind in _KINDS:
        for *row, sum_ in run(f"SELECT position, epoch, version, stream, body, sum FROM {table} ORDER BY 1, 4"):
            if row[-1] == LOST or sum_ != checksum(kind, *row):
                yield f"{row[3]} in {table}, version {row[2]}"
    for position, stream, row, sum_ in run("SELECT position, stream, row, sum FROM listings ORDER BY 2"):
        if sum_ != checksum("listing", position, 0, 0, stream, row):
            yield f"{stream} in listings"


def _edited(body: bytes) -> bytes:
    """The same with another name in it; if it has none, with a space more."""
    plain: Any = json.loads(body)
    if isinstance(plain, dict) and "by" in plain:
        return json.dumps({**plain, "by": _EDITOR}).encode()
    return body + b" "


def _flipped(body: bytes, chance: random.Random) -> bytes:
    flipped = bytearray(body)
    flipped[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    return bytes(flipped)
