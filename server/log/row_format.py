"""The bytes of a log row, and its checksum. Pure. The format is defined only here.

The payload of a row is UTF-8 text: kind, position, epoch, version and stream, each ended by a line feed, then the
unchanged body. None of the first five contains a line feed, so a payload can be parsed in only one way.

The checksum is the CRC-32 of the payload (``zlib.crc32``, as in gzip and PNG). It detects every error burst of up to 32
bits, so every flipped bit. It misses one in 4 billion of other damage. It also detects a row that a person edited
without a new checksum. It protects against accidents, not against attackers: they can write the disk anyway.

A journal in SQLite stores the checksum in a column beside the row. A file of appended records (``append_log``) frames
the same payload as length (4 bytes, big endian), checksum (4 bytes, big endian), payload.
"""

from __future__ import annotations

import zlib
from typing import Literal

Kind = Literal["entry", "snapshot", "listing", "term", "office", "batch", "filled"]

LOST = '{"lost":true}'
"""The body of a row that no copy has any more. The row keeps its place in the log and has no other meaning."""


def payload(kind: Kind, position: int, epoch: int, version: int, stream: str, body: str) -> bytes:
    """Return the bytes of a row. Text that SQLite could not decode is encoded back to its original bytes."""
    return f"{kind}\n{position}\n{epoch}\n{version}\n{stream}\n{body}".encode("utf-8", "surrogateescape")


def checksum(kind: Kind, position: int, epoch: int, version: int, stream: str, body: str) -> int:
    """Return the checksum of a row: 0 to 2**32 - 1."""
    return zlib.crc32(payload(kind, position, epoch, version, stream, body))
