"""The bytes of a batch in a segment file. Pure. ``segment_reader`` is the other direction.

A batch is what one append writes, all or nothing: a header and then the rows, each as a record (``row_format``). The
header is a record of kind ``batch``. It has the position at which the log ended before the batch, the number of its
rows and their bytes. Its body has the place of each entry: position, epoch, version and stream, each ended by a line
feed. So a batch that was not written to its end is recognized, and an entry whose record is damaged keeps its place.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from zlib import crc32

from server.log.entries import Entry
from server.log.row_format import payload

EntryRow = tuple[int, int, str, int, str, int]
"""A row of ``entries`` in SQLite: position, epoch, stream, version, body, sum."""
SummaryRow = tuple[str, int, str, int]
"""A row of ``listings`` in SQLite: stream, position, row, sum."""

FRAME = struct.Struct(">II")
"""Before each payload: its length in bytes, and its checksum."""


def encode(previous: int, entries: Sequence[Entry], summaries: Sequence[SummaryRow]) -> tuple[bytes, tuple[int, ...]]:
    """Return the bytes of a batch that follows on position ``previous``, and the checksums of its entries."""
    records: list[bytes] = []
    sums: tuple[int, ...] = ()
    places = ""
    for position, epoch, stream, version, body in entries:
        # The same bytes as those of ``row_format.payload``. Every command waits for this.
        place = f"{position}\n{epoch}\n{version}\n{stream}\n"
        row = f"entry\n{place}{body}".encode()
        sum_ = crc32(row)
        records += (FRAME.pack(len(row), sum_), row)
        sums += (sum_,)
        places += place
    for stream, position, body, sum_ in summaries:
        row = payload("listing", position, 0, 0, stream, body)
        records += (FRAME.pack(len(row), sum_), row)
    whole = b"".join(records)
    count = len(entries) + len(summaries)
    header = f"batch\n{previous}\n{count}\n{len(whole)}\n\n{places}".encode()
    return FRAME.pack(len(header), crc32(header)) + header + whole, sums
