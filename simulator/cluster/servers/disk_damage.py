"""Damages a row of a journal on a simulated disk, as a failing disk or an editor does."""

from __future__ import annotations

import json
import random
import sqlite3
from typing import Any

from verify.testbed.row_damage import BODIES, flipped, put_body, rows_of

EDITED = 0.4
"""The probability of an edit instead of a flipped bit. An edited event is still readable, but it is not what
happened."""
_EDITOR = "mallory"


def damage_random_row(connection: sqlite3.Connection, rng: random.Random, *, upto: int) -> str | None:
    """Change the body of a random row up to position ``upto``.

    Return a description of the row, or None if there is none.
    """
    found = {table: [row for row in rows_of(connection, table) if row[1] <= upto] for table in BODIES}
    tables = [table for table, rows in found.items() if rows]
    if not tables:
        return None
    table = rng.choice(tables)
    stream, position, body = rng.choice(found[table])
    put_body(connection, table, stream, position, _edited(body) if rng.random() < EDITED else flipped(body, rng))
    return f"{stream} in {table}, position {position}"


def _edited(body: bytes) -> bytes:
    """Return the body with another name in it, or with a space appended if it has no name."""
    plain: Any = json.loads(body)
    if isinstance(plain, dict) and "by" in plain:
        return json.dumps({**plain, "by": _EDITOR}).encode()
    return body + b" "
