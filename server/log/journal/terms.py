"""The rows of the tables ``terms`` and ``office``: their checksums, and the repair of damaged rows. Pure.

Damaged rows can be rebuilt. Each entry stores the epoch in which it was written, and ``office`` stores the holder of
the last epoch. A holder that is stored nowhere else becomes the empty one, which no server has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server.log.entries import Epoch, EpochStart
from server.log.row_format import checksum


def term_row(term: EpochStart) -> tuple[int, str, int, int]:
    """Return epoch, holder, position and checksum of a term."""
    epoch, holder, first = term
    return epoch, holder, first, _term_checksum(term)


def epoch_row(epoch: Epoch) -> tuple[int, str, int]:
    """Return the row of ``office``: epoch, holder and checksum."""
    return epoch.number, epoch.holder, _epoch_checksum(epoch)


def epoch_from(row: Sequence[Any] | None) -> Epoch | None:
    """Return the epoch in a row of epoch, holder and checksum, or None if it is missing or damaged."""
    if row is None or type(row[0]) is not int or type(row[1]) is not str:
        return None
    epoch = Epoch(row[0], row[1])
    return epoch if row[2] is None or row[2] == _epoch_checksum(epoch) else None


def sound_terms(rows: Iterable[Sequence[Any]]) -> list[EpochStart]:
    """Return the terms of those rows (epoch, holder, position, checksum) that are sound, in the same order."""
    found = []
    for epoch, holder, first, sum_ in rows:
        if type(epoch) is int and type(holder) is str and type(first) is int:
            term = EpochStart(epoch, holder, first)
            if sum_ is None or sum_ == _term_checksum(term):
                found.append(term)
    return found


def completed(sound: Sequence[EpochStart], begun: Mapping[int, int], last: Epoch | None) -> list[EpochStart]:
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
