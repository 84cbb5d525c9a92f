"""The tables ``terms`` and ``office`` of a journal: which epoch wrote from which position on, and the promised epoch.

Damaged rows can be rebuilt. Each entry stores the epoch in which it was written, and ``office`` stores the holder of
the last epoch. A holder that is stored nowhere else becomes the empty one, which no server has.

Each function that writes runs in a transaction of its caller.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog

from server.log.entries import NO_EPOCH, Epoch, EpochHistory, EpochStart
from server.log.row_format import checksum

KEPT_TERMS = 1000
"""Takeovers for which a journal can still be compared with another. This many terms fit into one message."""
_ADD_TERM = "INSERT INTO terms (epoch, holder, position, sum) VALUES (?, ?, ?, ?)"
_DROP_OLD_TERMS = (
    f"DELETE FROM terms WHERE epoch <= (SELECT epoch FROM terms ORDER BY epoch DESC LIMIT 1 OFFSET {KEPT_TERMS})"
)
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
    """Return the terms. Damaged ones are rebuilt; ``last`` has the holder of the last epoch."""
    rows = connection.execute("SELECT epoch, holder, position, sum FROM terms ORDER BY 1").fetchall()
    terms = _sound_terms(rows)
    if len(terms) < len(rows):
        logger.error("terms damaged", damaged=len(rows) - len(terms), of=len(rows))
        begun = dict(connection.execute(_BEGINNINGS))
        terms = _completed(terms, {e: p for e, p in begun.items() if type(e) is int and type(p) is int}, last)
    return EpochHistory(terms)


def add_terms(connection: sqlite3.Connection, terms: Sequence[EpochStart], end: int) -> None:
    """Store terms that begin after the position ``end``, the end of the log.

    Delete the terms that wrote nothing and those beyond ``KEPT_TERMS``.
    """
    drop_terms_after(connection, end)
    _insert(connection, terms)
    connection.execute(_DROP_OLD_TERMS)


def drop_terms_after(connection: sqlite3.Connection, end: int) -> None:
    """Delete the terms that begin after a position."""
    connection.execute("DELETE FROM terms WHERE position > ?", (end,))


def replace_terms(connection: sqlite3.Connection, terms: Sequence[EpochStart]) -> None:
    """Replace all terms."""
    connection.execute("DELETE FROM terms")
    _insert(connection, terms)


def _insert(connection: sqlite3.Connection, terms: Sequence[EpochStart]) -> None:
    rows = [(term.epoch, term.holder, term.first, _term_checksum(term)) for term in terms]
    connection.executemany(_ADD_TERM, rows)


def _sound_epoch(row: Sequence[Any]) -> Epoch | None:
    """Return the epoch in a row of epoch, holder and checksum, or None if it is damaged."""
    if type(row[0]) is not int or type(row[1]) is not str:
        return None
    epoch = Epoch(row[0], row[1])
    return epoch if row[2] is None or row[2] == _epoch_checksum(epoch) else None


def _sound_terms(rows: Iterable[Sequence[Any]]) -> list[EpochStart]:
    """Return the terms of those rows (epoch, holder, position, checksum) that are sound, in the same order."""
    found = []
    for epoch, holder, first, sum_ in rows:
        if type(epoch) is int and type(holder) is str and type(first) is int:
            term = EpochStart(epoch, holder, first)
            if sum_ is None or sum_ == _term_checksum(term):
                found.append(term)
    return found


def _completed(sound: Sequence[EpochStart], begun: Mapping[int, int], last: Epoch | None) -> list[EpochStart]:
    """Return the sound terms, with missing terms among or after them rebuilt from the entries.

    ``begun`` has the position of the first entry of each epoch.
    """
    oldest = sound[0].epoch if sound else 0
    known = {term.epoch: term for term in sound}
    for epoch, first in begun.items():
        if epoch > oldest and epoch not in known:
            holder = last.holder if last is not None and last.number == epoch else ""
            known[epoch] = EpochStart(epoch, holder, first)
    found: list[EpochStart] = []
    for term in (known[epoch] for epoch in sorted(known)):
        if not found or term.first >= found[-1].first:
            found.append(term)
    return found


def _term_checksum(term: EpochStart) -> int:
    return checksum("term", term.first, term.epoch, 0, "", term.holder)


def _epoch_checksum(epoch: Epoch) -> int:
    return checksum("office", 0, epoch.number, 0, "", epoch.holder)
