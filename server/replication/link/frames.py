"""Frames: each is its length in 4 bytes, then that many bytes. Pure."""

from __future__ import annotations

import struct

LENGTH = struct.Struct("!I")


def frame(*parts: bytes) -> bytes:
    """Return a frame with these parts, one after the other."""
    return b"".join((LENGTH.pack(sum(map(len, parts))), *parts))


class FrameReader:
    """The frames in a stream of bytes."""

    def __init__(self, most: int) -> None:
        self.most = most
        """The most bytes in a frame, without its length."""
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Add received bytes."""
        self._buffer += data

    def next(self) -> bytes | None:
        """Return the content of the next frame; None while it is incomplete.

        Raises ConnectionAbortedError for a frame with more than ``most`` bytes, before its bytes arrive.
        """
        buffer = self._buffer
        if len(buffer) < LENGTH.size:
            return None
        (size,) = LENGTH.unpack_from(buffer)
        if size > self.most:
            raise ConnectionAbortedError(f"a frame of {size} bytes, where at most {self.most} are accepted")
        end = LENGTH.size + size
        if len(buffer) < end:
            return None
        content = bytes(buffer[LENGTH.size : end])
        del buffer[:end]
        return content
