"""The answers on a caller's connection, read whole, with a limit on their size."""

from __future__ import annotations

import socket

from wire.errors import TooLarge
from wire.frames import HEADER, Frame, head_of

_PIECE = 1 << 13


class Replies:
    """Reads the answers of one connection. Not thread-safe. The socket's timeout limits each read."""

    def __init__(self, sock: socket.socket, *, largest: int) -> None:
        """``largest``: the most bytes in one message."""
        self._sock = sock
        self._largest = largest
        self._buffer = b""

    def next(self) -> Frame:
        """Return the next message.

        Raises TooLarge, and OSError for a broken connection or bytes that are not a message.
        """
        header = self._take(HEADER.size)
        head = head_of(header)
        if head.data_size < 0 or head.annotations_size + head.data_size > self._largest:
            raise TooLarge("the message is larger than the limit")
        annotations = self._take(head.annotations_size)
        return Frame(*head[:4], annotations, self._take(head.data_size), header)

    def _take(self, size: int) -> bytes:
        buffer = self._buffer
        while len(buffer) < size:
            piece = self._sock.recv(max(_PIECE, size - len(buffer)))
            if not piece:
                raise ConnectionAbortedError("closed by the other side")
            buffer += piece
        self._buffer = buffer[size:]
        return buffer[:size]
