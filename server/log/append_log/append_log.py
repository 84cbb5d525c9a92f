"""The writer of a journal's segments, and the tail of the log in memory. A journal has one appender at a time.

After a failed write the segment is cut back to its last whole batch. While that fails too, every append is refused:
a batch must not follow bytes of a refused one.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from server.log.append_log.batch_format import SummaryRow, encode
from server.log.append_log.recovery import Recovered, TailBatch
from server.log.append_log.segments import Segments
from server.log.entries import Entry
from wire.errors import StorageFailed

SEGMENT_BYTES = 1 << 20
"""Size at which the next append begins a new segment."""
MOST_SEGMENTS = 64
"""Segments that SQLite may lack. While it refuses longer than that, appends are refused too."""

logger = structlog.get_logger()


class AppendLog:
    """The batches that SQLite may lack, in memory and in segments."""

    def __init__(self, segments: Segments, recovered: Recovered, *, sync: bool) -> None:
        """Continue after the batches that a start has found.

        ``sync``: whether an append returns only when its batch survives a power cut. Raises OSError.
        """
        self._segments = segments
        self._sync = sync
        self.tail = recovered.batches
        """Batches that no committed transaction has, oldest first. The appender adds to it; only ``filled`` removes
        from it.
        """
        self.newest = recovered.next_segment - 1
        """The number of the newest segment that this log began. A lower one gets no batch any more."""
        self.unusable = recovered.unusable
        """Segments from which on nothing can be used."""
        # The bytes of whole batches in the newest segment, which may be longer only while ``_must_cut``. The first
        # append begins a segment, as if an earlier one were full.
        self._size = SEGMENT_BYTES
        self._must_cut = False
        if sync:
            self._sync_tail()

    def _sync_tail(self) -> None:
        """Make what was read survive a power cut, before anybody relies on it.

        The process that appended it may have died between its write and its sync.
        """
        for number in sorted({batch.segment for batch in self.tail}):
            self._segments.make_durable(number)

    def append(self, previous: int, entries: Sequence[Entry], summaries: Sequence[SummaryRow]) -> None:
        """Write a batch that follows on position ``previous``. Raises StorageFailed; then nothing has changed."""
        oldest = self.tail[:1]  # a copy: the tail may be filled meanwhile
        if oldest and self.newest - oldest[0].segment >= MOST_SEGMENTS:
            raise StorageFailed("the journal cannot be written: SQLite lacks too much of the append log")
        data, sums = encode(previous, entries, summaries)
        try:
            if self._must_cut:
                self._cut()
            if self._size >= SEGMENT_BYTES:
                self._begin_segment()
            try:
                self._write(data)
            except OSError:
                self._must_cut = True
                self._cut()
                raise
        except OSError as error:
            raise StorageFailed(f"the journal cannot be written: {error.strerror or error}") from error
        self._size += len(data)
        self.tail.append(TailBatch(entries, sums, summaries, self.newest, self._size))

    def filled(self, count: int) -> None:
        """Remove the oldest batches of the tail, and the segments before the others: SQLite has them."""
        # The newest segment first: an append may begin another one at any moment.
        newest = self.newest
        if count:
            del self.tail[:count]
            self._delete_segments(min([newest, *(batch.segment for batch in self.tail[:1])]))

    def _delete_segments(self, before: int) -> None:
        try:
            for number in self._segments.numbers():
                if number < before and number not in self.unusable:
                    self._segments.delete(number)
        except OSError as error:  # harmless: a start skips what SQLite has
            logger.warning("segments not deleted", why=str(error))

    def put_unusable_aside(self) -> None:
        """Put the unusable segments aside. Raises OSError."""
        for number in self.unusable:
            self._segments.put_aside(number)
        self.unusable = []

    def close(self) -> None:
        """Close the newest segment. Delete all segments if SQLite has everything."""
        self._segments.close()
        if not self.tail:
            self._delete_segments(self.newest + 1)

    def _begin_segment(self) -> None:
        self._segments.create(self.newest + 1)
        if self._sync:
            self._segments.make_durable(self.newest + 1)
        self.newest += 1
        self._size = 0

    def _write(self, data: bytes) -> None:
        if self._segments.write(data) < len(data):
            raise OSError("the disk is full")
        if self._sync:
            self._segments.sync()

    def _cut(self) -> None:
        self._segments.truncate(self._size)
        self._must_cut = False
