"""Damage to a journal on disk, as a failing disk or a person with an editor does it.

A row is damaged where it is: in the database, or in a segment of the append log.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from server.log.append_log.batch_format import FRAME
from server.log.append_log.recovery import LogPlace
from server.log.append_log.segments import MemorySegments, SegmentFolder
from server.log.journal.file import segments_of
from server.log.journal.journal import Journal
from server.log.journal.tail import NOTHING_FILLED, read_filled


def fill(journal: Journal) -> None:
    """Move everything into the database."""
    journal.fill()


def kill(journal: Journal) -> None:
    """Leave the files as a killed process does."""
    journal._connection.close()
    journal._log.close()


def segment_files(file: Path) -> list[Path]:
    """The segments of a journal, oldest first."""
    return sorted(segments_of(file).glob("*.log"))


def filled_to(file: Path) -> LogPlace:
    """Up to where the database has the segments."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return read_filled(connection) or NOTHING_FILLED


def flip(file: Path, table: str, stream: str, *, column: str = "", version: int | None = None, bit: int = 0) -> None:
    """Flip one bit in the middle of the text of one row, the last of the stream unless a version is given."""
    if not (table != "snapshots" and not column and _flip_in_segments(file, table, stream, version, bit)):
        _flip_in_database(file, table, stream, column or ("row" if table == "listings" else "body"), version, bit)


def _flip_in_segments(file: Path, table: str, stream: str, version: int | None, bit: int) -> bool:
    kind = {"entries": "entry", "listings": "listing"}[table]
    which = "[0-9]+" if version is None else str(version)
    pattern = re.compile(rf"{kind}\n[0-9]+\n[0-9]+\n{which}\n{re.escape(stream)}\n".encode())
    filled = filled_to(file)
    for segment in reversed(segment_files(file)):
        raw = bytearray(segment.read_bytes())
        number = int(segment.stem)
        found = (
            [] if number < filled.segment else list(pattern.finditer(raw, filled.offset * (number == filled.segment)))
        )
        if found:
            length, _ = FRAME.unpack_from(raw, found[-1].start() - FRAME.size)
            raw[(found[-1].end() + found[-1].start() + length) // 2] ^= 1 << bit
            segment.write_bytes(raw)
            return True
    return False


def _flip_in_database(file: Path, table: str, stream: str, column: str, version: int | None, bit: int) -> None:
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
    edited = 0
    record = re.compile(rf"(entry\n[0-9]+\n[0-9]+\n[0-9]+\n{re.escape(stream)}\n[^\n]*?){re.escape(old)}".encode())
    for segment in segment_files(file):
        text, count = record.subn(lambda found: found[1] + new.encode(), segment.read_bytes())
        segment.write_bytes(text)
        edited += count
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        changed = connection.execute(
            "UPDATE entries SET body = replace(body, ?, ?) WHERE stream = ? AND instr(body, ?)", (old, new, stream, old)
        )
        edited += changed.rowcount
    assert edited > 0


@contextlib.contextmanager
def looking_at(file: Path) -> Iterator[Journal]:
    """A journal that no process has open, to look at: nothing on the disk changes."""
    segments = MemorySegments.copy_of(SegmentFolder(segments_of(file)))
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        yield Journal(connection, segments=segments)


def streams_of(file: Path, prefix: str) -> list[str]:
    """The streams with that prefix, in order of name."""
    with looking_at(file) as journal:
        return [copy.stream for copy in journal.copies() if copy.stream.startswith(prefix)]


def cut_in_half(file: Path) -> None:
    """Cut a journal that nobody has open to half its length, as a copy that was interrupted is."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
