"""The tables of a journal, and the upgrade of a journal from an older format.

Format 1 has no holders of epochs, and the replica's journal has no terms; its ``user_version`` is 0. Format 2 stores
holders, the terms in every journal, and the position up to which streams were forgotten. Its rows have checksums
(``row_format``). Rows of format 1 get theirs with the upgrade, if they can be parsed. Format 3 stores the place up to
which SQLite has the segments of the append log. ``tests/samples`` has a folder of each format that was released.
"""

from __future__ import annotations

import sqlite3
from functools import partial

from server.log.journal.rows import TABLES, as_text
from server.log.message_checks import is_readable
from server.log.row_format import Kind, checksum
from server.log.streams import is_stream
from wire.errors import StorageFailed

FORMAT = 3

_CREATE = """
CREATE TABLE IF NOT EXISTS entries (
    position INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, stream TEXT NOT NULL, version INTEGER NOT NULL,
    body TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS entries_of_stream ON entries (stream, version);
CREATE TABLE IF NOT EXISTS snapshots (
    position INTEGER NOT NULL, epoch INTEGER NOT NULL, stream TEXT PRIMARY KEY, version INTEGER NOT NULL,
    body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS snapshots_in_order ON snapshots (position);
CREATE TABLE IF NOT EXISTS incoming_entries AS SELECT * FROM entries WHERE FALSE;
CREATE TABLE IF NOT EXISTS incoming_snapshots AS SELECT * FROM snapshots WHERE FALSE;
CREATE TABLE IF NOT EXISTS listings (stream TEXT PRIMARY KEY, position INTEGER NOT NULL, row TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS terms (
    epoch INTEGER PRIMARY KEY, position INTEGER NOT NULL, holder TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS office (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), epoch INTEGER, holder TEXT);
CREATE TABLE IF NOT EXISTS forgotten (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS filled (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), segment INTEGER NOT NULL, offset INTEGER NOT NULL, sum INTEGER);
"""
_WITH_SUMS = ("entries", "snapshots", "listings", "incoming_entries", "incoming_snapshots", "terms", "office")
_ROW = "position, epoch, version, CAST(stream AS BLOB), CAST(body AS BLOB)"
_TERMS_OF_FORMAT_1 = """
INSERT INTO terms (epoch, position)
SELECT epoch, MIN(position) FROM (SELECT epoch, position FROM entries UNION ALL SELECT epoch, position FROM snapshots)
WHERE NOT EXISTS (SELECT * FROM terms) GROUP BY epoch
"""


def prepare(connection: sqlite3.Connection) -> None:
    """Configure a connection to read damaged text as it is, and to sort in memory.

    A full disk has no room for sorting.
    """
    connection.text_factory = as_text
    connection.execute("PRAGMA temp_store = MEMORY")


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Create the tables, or upgrade those of an older format, all or nothing.

    Raises StorageFailed for a format that only newer servers can read.
    """
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found == FORMAT:
        return
    if found > FORMAT:
        raise StorageFailed(
            f"the journal has format {found}; these servers read formats up to {FORMAT}: start newer ones"
        )
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in _CREATE.split(";"):
            connection.execute(statement)
        if "holder" not in {column[1] for column in connection.execute("PRAGMA table_info(terms)")}:
            connection.execute("ALTER TABLE terms ADD COLUMN holder TEXT NOT NULL DEFAULT ''")
        for table in _WITH_SUMS:
            if "sum" not in {column[1] for column in connection.execute(f"PRAGMA table_info({table})")}:
                connection.execute(f"ALTER TABLE {table} ADD COLUMN sum INTEGER")
        connection.execute(_TERMS_OF_FORMAT_1)
        for kind, table in TABLES.items():
            connection.create_function("sum_of", 5, partial(_sum_of, kind), deterministic=True)
            connection.execute(f"UPDATE {table} SET sum = sum_of({_ROW}) WHERE sum IS NULL")
        connection.execute("DELETE FROM listings WHERE sum IS NULL")  # they are made again from the events
        connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _sum_of(kind: Kind, position: object, epoch: object, version: object, stream: bytes, body: bytes) -> int | None:
    """Return the checksum of a row of format 1, or None if it cannot be parsed: then it is damaged."""
    name, text = as_text(stream), as_text(body)
    if not (isinstance(position, int) and isinstance(epoch, int) and isinstance(version, int) and is_stream(name)):
        return None
    readable = is_readable(name, text, entry=kind == "entry")
    return checksum(kind, position, epoch, version, name, text) if readable else None
