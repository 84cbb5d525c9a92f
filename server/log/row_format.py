"""How a row of the log is written as bytes, and the checksum that goes with it. Pure; the only place that knows.

The payload of a row is UTF-8 text: kind, position, epoch, version and stream, each ended by a line feed, and then the
body as it is. None of the first five has a line feed, so a payload can be read in one way only. The checksum is the
CRC-32 of the payload (``zlib.crc32``, that of gzip and PNG). It finds every error burst of up to 32 bits, so every
flipped bit; of other damage it misses one in 4 billion. It also finds a row that a person has edited, unless that
person computes the new sum: it is against accidents, not against attackers, who have the disk anyway.

A journal in SQLite keeps the sum in a column beside the row. In a file of appended records the same payload is framed
as length (4 bytes, big endian), sum (4 bytes, big endian), payload.
"""

from __future__ import annotations

import zlib
from typing import Literal

Kind = Literal["entry", "snapshot", "listing", "term", "office"]

LOST = '{"lost":true}'
"""The body of a row that no copy has any more: it keeps its place in the log, and is taken for nothing else."""


def payload(kind: Kind, position: int, epoch: int, version: int, stream: str, body: str) -> bytes:
    """The bytes of a row. Text that SQLite could not decode comes back to the bytes that it was."""
    return f"{kind}\n{position}\n{epoch}\n{version}\n{stream}\n{body}".encode("utf-8", "surrogateescape")


def checksum(kind: Kind, position: int, epoch: int, version: int, stream: str, body: str) -> int:
    """The checksum of a row: 0 to 2**32 - 1."""
    return zlib.crc32(payload(kind, position, epoch, version, stream, body))
