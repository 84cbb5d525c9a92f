"""The tables ``terms`` and ``office`` of a journal: which epoch wrote from which position on, and the promised epoch.

Damaged rows can be rebuilt. Each entry stores the epoch in which it was written, and ``office`` stores the holder of
the last epoch. A holder that is stored nowhere else becomes the empty one, which no server has.

Each function that writes runs in a transaction of its caller.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import structlog

from server.log.entries import NO_EPOCH, Epoch, EpochStart
from server.log.epoch_history import EpochHistory
from server.log.row_format import checksum

_PUT_EPOCH = "INSERT OR REPLACE INTO office (only_row, epoch, holder, sum) VALUES (1, ?, ?, ?)"
_BEGINNINGS = """
SELECT epoch, MIN(position) FROM (SELECT epoch, position FROM entries UNION ALL SELECT epoch, position FROM snapshots)
GROUP BY epoch
"""

logger = structlog.get_logger()


def read_epoch(connection: sqlite3.Connection) -> Epoch | None:
    """Return the promised epoch: ``NO_EPOCH`` before the first promise, None if the row is damaged."""
    row = connection.execute("SELECT epoch, holder, sum FROM office").fetchone()
    return NO_EPOCH if row is None else _sound_epoch(row)


def store_epoch(connection: sqlite3.Connection, epoch: Epoch) -> None:
    """Replace the promised epoch."""
    connection.execute(_PUT_EPOCH, (*epoch, _epoch_checksum(epoch)))


def read_terms(connection: sqlite3.Connection, last: Epoch | None = None) -> EpochHistory:
    """Return the terms. Damaged ones are rebuilt from the entries; ``last`` has the holder of the last epoch."""
    rows = connection.execute("SELECT epoch, holder, position, sum FROM terms ORDER BY 1").fetchall()
    known = {row[0]: EpochStart(*row[:3]) for row in rows if _is_sound(row)}
    if len(known) < len(rows):
        logger.error("terms damaged", damaged=len(rows) - len(known), of=len(rows))
        oldest = min(known, default=0)
        for epoch, first in connection.execute(_BEGINNINGS):
            if type(epoch) is int and type(first) is int and epoch > oldest:
                holder = last.holder if last is not None and last.number == epoch else ""
                known.setdefault(epoch, EpochStart(epoch, holder, first))
    found: list[EpochStart] = []
    for _, term in sorted(known.items()):
        if not found or term.first >= found[-1].first:
            found.append(term)
    return EpochHistory(found)


def store_terms(connection: sqlite3.Connection, terms: Iterable[EpochStart]) -> None:
    """Replace all terms."""
    connection.execute("DELETE FROM terms")
    rows = [(term.epoch, term.holder, term.first, _term_checksum(term)) for term in terms]
    connection.executemany("INSERT INTO terms (epoch, holder, position, sum) VALUES (?, ?, ?, ?)", rows)


def _sound_epoch(row: Sequence[Any]) -> Epoch | None:
    """Return the epoch in a row of epoch, holder and checksum, or None if it is damaged."""
    if type(row[0]) is not int or type(row[1]) is not str:
        return None
    epoch = Epoch(row[0], row[1])
    return epoch if row[2] is None or row[2] == _epoch_checksum(epoch) else None


def _is_sound(row: Sequence[Any]) -> bool:
    """Return whether a row of epoch, holder, position and checksum is as it was written."""
    is_typed = type(row[0]) is type(row[2]) is int and type(row[1]) is str
    return is_typed and (row[3] is None or bool(row[3] == _term_checksum(EpochStart(*row[:3]))))


def _term_checksum(term: EpochStart) -> int:
    return checksum("term", term.first, term.epoch, 0, "", term.holder)


def _epoch_checksum(epoch: Epoch) -> int:
    return checksum("office", 0, epoch.number, 0, "", epoch.holder)
