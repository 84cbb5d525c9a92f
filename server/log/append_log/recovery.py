"""Finds the batches in the segments that SQLite lacks, when a journal is opened. Changes nothing.

SQLite stores the place up to which it has the segments. Each batch after it names the position on which it follows:

- The end of the log so far: the batch follows.
- A lower position: the batches beyond it were refused after a failed sync, and this batch replaces them.
- A higher one: batches are missing in between. A power cut can leave this without ``DURABILITY=fsync``: SQLite lost
  writes for which a segment was already deleted. The log ends before the gap. The guard file then keeps a main server
  from going on alone; a replica gets the rest from the primary.

What follows on a gap, or on unreadable damage, must never be read as the log. The journal puts those segments aside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import structlog
from msgspec import Struct

from server.log.append_log.batch_format import SummaryRow
from server.log.append_log.segment_reader import Rest, StoredBatch, read_batches
from server.log.append_log.segments import Segments
from server.log.entries import Entry

logger = structlog.get_logger()


class LogPlace(NamedTuple):
    """A place in the segments: after the first ``offset`` bytes of a segment."""

    segment: int
    offset: int


class TailBatch(Struct, frozen=True, gc=False):
    """The rows of a batch that SQLite may lack, and the place after it. ``sums`` has the checksums of the entries."""

    entries: Sequence[Entry]
    sums: Sequence[int]
    summaries: Sequence[SummaryRow]
    segment: int
    offset: int

    @property
    def end(self) -> LogPlace:
        return LogPlace(self.segment, self.offset)


class Recovered(NamedTuple):
    """What a start has found in the segments."""

    batches: list[TailBatch]
    """The batches that SQLite lacks, in order."""
    unusable: list[int]
    """The segments from which on nothing can be used."""
    next_segment: int


def recover(segments: Segments, filled: LogPlace | None, last: int) -> Recovered:
    """Return what follows in the segments on SQLite's content.

    ``filled`` is the place up to which SQLite has the segments, or None if that is damaged. ``last`` is the position at
    which SQLite ends. Raises OSError.
    """
    numbers = segments.numbers()
    if filled is None:
        logger.error("place in the segments damaged")
        return Recovered([], numbers, max(numbers, default=0) + 1)
    numbers = [number for number in numbers if number >= filled.segment]
    next_segment = max([filled.segment, *numbers]) + 1
    batches: list[TailBatch] = []
    for index, number in enumerate(numbers):
        found, rest = read_batches(segments.read(number), filled.offset if number == filled.segment else 0)
        followed = all(_follow(batches, batch, number, last) for batch in found)
        if rest is Rest.TORN:
            logger.warning("unfinished append cut", segment=number)
        if not followed or rest is Rest.UNREADABLE:
            why = Rest.UNREADABLE.value if followed else "batches are missing before it"
            logger.error("segment not usable to its end", segment=number, why=why)
            return Recovered(batches, numbers[index:], next_segment)
    return Recovered(batches, [], next_segment)


def _follow(batches: list[TailBatch], batch: StoredBatch, number: int, last: int) -> bool:
    """Add a batch if it follows on the others; return whether it does."""
    if batch.damaged:
        logger.error("record damaged", segment=number, end=batch.end)
    if batch.previous is not None:
        while batches and batches[-1].entries[-1].position > batch.previous:
            batches.pop()
    end = batches[-1].entries[-1].position if batches else last
    if end != batch.previous and not (batch.previous is None and batch.entries[0][0] > end):
        return False
    entries, sums = [Entry(*row[:5]) for row in batch.entries], [row[5] for row in batch.entries]
    batches.append(TailBatch(entries, sums, batch.summaries, number, batch.end))
    return True
