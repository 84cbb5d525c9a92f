"""Damage to a journal on disk, as a failing disk or a person with an editor does it."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path


def flip(file: Path, table: str, stream: str, *, column: str = "", version: int | None = None, bit: int = 0) -> None:
    """Flip one bit in the middle of the text of one row, the last of the stream unless a version is given."""
    column = column or ("row" if table == "listings" else "body")
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        where, found = "stream = ?", [stream]
        if version is not None:
            where += f" AND version = {version}"
        order = "position" if table == "listings" else "version"
        row = connection.execute(
            f"SELECT position, {column} FROM {table} WHERE {where} ORDER BY {order} DESC", found
        ).fetchone()
        assert row is not None, f"no row of {stream} in {table}"
        position, text = row
        raw = bytearray(text.encode())
        raw[len(raw) // 2] ^= 1 << bit
        changed = connection.execute(
            f"UPDATE {table} SET {column} = CAST(? AS TEXT) WHERE stream = ? AND position = ?",
            (bytes(raw), stream, position),
        )
        assert changed.rowcount == 1


def edit(file: Path, stream: str, old: str, new: str) -> None:
    """Replace a text in all entries of a stream."""
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        changed = connection.execute(
            "UPDATE entries SET body = replace(body, ?, ?) WHERE stream = ? AND instr(body, ?)", (old, new, stream, old)
        )
        assert changed.rowcount > 0


def streams_of(file: Path, prefix: str) -> list[str]:
    """The streams with that prefix, in order of name."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT DISTINCT stream FROM entries WHERE stream LIKE ? ORDER BY 1", (prefix + "%",))
        return [stream for (stream,) in rows]


def cut_in_half(file: Path) -> None:
    """Cut a journal that nobody has open to half its length, as a copy that was interrupted is."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
