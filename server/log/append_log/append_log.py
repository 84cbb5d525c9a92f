"""Writes batches at the end of the newest segment. Not safe for threads: a journal has one appender at a time.

After a failed write the segment is cut back to its last whole batch. While that fails too, every append is refused:
a batch must not follow bytes of a refused one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from server.log.append_log.batch_format import SummaryRow, encode
from server.log.append_log.segments import SegmentFile, Segments
from server.log.entries import Entry
from wire.errors import StorageFailed

SEGMENT_BYTES = 1 << 20
"""Size at which the next append begins a new segment."""


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


class AppendLog:
    """The writer of one journal's segments."""

    def __init__(self, segments: Segments, *, sync: bool, next_segment: int) -> None:
        """``sync``: whether an append returns only when its batch survives a power cut.
        ``next_segment`` is the number of the first segment that this log writes.
        """
        self._segments = segments
        self._sync = sync
        self._file: SegmentFile | None = None
        self.segment = next_segment - 1
        """The number of the newest segment that this log began. A lower one gets no batch any more."""
        # The bytes of whole batches in ``_file``. The file may be longer only while ``_must_cut``.
        self._size = 0
        self._must_cut = False

    def append(self, previous: int, entries: Sequence[Entry], summaries: Sequence[SummaryRow]) -> TailBatch:
        """Write a batch that follows on position ``previous``. Raises StorageFailed; then nothing has changed."""
        data, sums = encode(previous, entries, summaries)
        try:
            file = self._file
            if file is None or self._must_cut or self._size >= SEGMENT_BYTES:
                file = self._writable()
            try:
                self._write(file, data)
            except OSError:
                self._must_cut = True
                self._cut(file)
                raise
        except OSError as error:
            raise StorageFailed(f"the journal cannot be written: {error.strerror or error}") from error
        self._size += len(data)
        return TailBatch(entries, sums, summaries, self.segment, self._size)

    @property
    def is_begun(self) -> bool:
        """Whether this log has begun a segment."""
        return self._file is not None

    def close(self) -> None:
        """Close the newest segment."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _writable(self) -> SegmentFile:
        """Return the newest segment, which ends after a whole batch. Begin a new one if it is full. Raises OSError."""
        if self._file is not None and self._must_cut:
            self._cut(self._file)
        if self._file is None or self._size >= SEGMENT_BYTES:
            file = self._segments.create(self.segment + 1)
            self.close()
            self._file, self._size = file, 0
            self.segment += 1
        return self._file

    def _write(self, file: SegmentFile, data: bytes) -> None:
        if file.write(data) < len(data):
            raise OSError("the disk is full")
        if self._sync:
            file.sync()

    def _cut(self, file: SegmentFile) -> None:
        file.truncate(self._size)
        self._must_cut = False
