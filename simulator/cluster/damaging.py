"""Damage to a row of a journal on a simulated disk, as a failing disk does it, or a person with an editor."""

from __future__ import annotations

import json
import random
import sqlite3
from typing import Any

from server.row_damage import BODIES, flipped, put_body

EDITED = 0.4
"""How likely an event is edited, where a person could: it can be read then, and is not what happened."""
_EDITOR = "mallory"


def damage_a_row(connection: sqlite3.Connection, chance: random.Random, *, upto: int) -> str | None:
    """Change the body of a row of no later position than that; which one, None if there is none."""
    table = chance.choice(list(BODIES))
    rows = connection.execute(
        f"SELECT stream, position, CAST({BODIES[table]} AS BLOB) FROM {table} WHERE position <= ? ORDER BY 2, 1",
        (upto,),
    ).fetchall()
    if not rows:
        return None
    stream, position, body = chance.choice(rows)
    put_body(connection, table, stream, position, _edited(body) if chance.random() < EDITED else flipped(body, chance))
    return f"{stream} in {table}, position {position}"


def _edited(body: bytes) -> bytes:
    """The same with another name in it; if it has none, with a space more."""
    plain: Any = json.loads(body)
    if isinstance(plain, dict) and "by" in plain:
        return json.dumps({**plain, "by": _EDITOR}).encode()
    return body + b" "
