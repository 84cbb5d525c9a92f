"""What comes in on one connection of a server, with limits: how large, how long it may take, and which kinds.

Lives here: reading the RPC library's messages from a socket piece by piece as the library asks for them, header first,
and refusing by the header alone what is too large or of a kind nobody needs, before any of it is kept or read. What
never lives here: what a message says. Knows the library's header but imports none of it (``rpc`` puts it in place).

A connection that has not shown who it is (its handshake) may say little and must be quick; after that a message may
take MESSAGE_S from its first byte to its last, however slowly its sender sends. The same goes for how slowly an answer
is read.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from game.errors import InvalidArgument, TicTacToeError
from wire.errors import TooLarge
from wire.frames import BATCH, COMPRESSED, CONNECT, HEADER, KEEP_SERIALIZED, MSGPACK, SERPENT, Frame, head_of

LARGEST_CALL = 1 << 16
"""Bytes in one call of a client: no call needs more than some thousand."""
LARGEST_TEXT_CALL = 1 << 14
"""Bytes in one call written in serpent. It is read by Python's own parser, which needs 500 times its size and lets no
other thread run: 1 MB took 500 MB and 1.6 s."""
LARGEST_HANDSHAKE = 1 << 12
HANDSHAKE_S = 5.0
MESSAGE_S = 20.0

_REFUSED_KINDS = {
    COMPRESSED: "compressed messages are not accepted",  # a small one could expand beyond any limit
    BATCH: "batches of calls are not accepted",  # a small one could ask for thousands of large answers at once
    KEEP_SERIALIZED: "serialized arguments are not accepted",  # nobody needs another way to write them
}
_ALL_REFUSED = COMPRESSED | BATCH | KEEP_SERIALIZED
_PIECE = 4096
_SKIPPED = 1 << 16


class RefusedMessage(Exception):
    """A whole message that was read past, not kept: it can be answered with ``error``, and the connection goes on."""

    def __init__(self, sequence: int, serializer: int, error: TicTacToeError) -> None:
        super().__init__(error.message)
        self.sequence = sequence
        self.serializer = serializer
        self.error = error


class Incoming:
    """Reads one connection's messages and writes its answers. For one thread."""

    def __init__(self, sock: socket.socket, *, largest: int, skipped: int, idle_s: float) -> None:
        """``largest``: bytes in one call. Up to ``skipped`` bytes a larger one is read past and can be answered; beyond
        that the connection is broken. ``idle_s``: how long it may say nothing between two calls."""
        self._sock = sock
        self._largest = largest
        self._skipped = skipped
        self._idle_s = idle_s
        self._shaken = False
        self.owes: Callable[[], bool] = lambda: False
        """Whether an answer is still to be given."""
        self._buffer = b""
        self._rest = 0
        patience_s = min(HANDSHAKE_S, idle_s)
        self._until = time.monotonic() + patience_s
        sock.settimeout(patience_s)

    def shaken(self) -> None:
        """The handshake is over: from now on calls come."""
        self._shaken = True
        self._sock.settimeout(self._idle_s)

    def read(self, size: int) -> bytes:
        """The next ``size`` bytes, which is a header or what its header has said.

        Raises RefusedMessage instead of the header of a message that is not wanted, and OSError when the connection is
        broken, says nothing for too long, sends too slowly or a message that is much too large.
        """
        if not size:
            return b""
        if self._rest:
            self._rest -= size
            data = self._take(size)
            self._rest = max(0, self._rest)
            return data
        return self._header()

    def frame(self) -> Frame:
        """The next message, whole. Raises like ``read``, and OSError for what is no message."""
        head = head_of(self.read(HEADER.size))
        annotations = self.read(head.annotations_size)
        return Frame(*head[:4], annotations, self.read(head.data_size))

    def write(self, data: bytes) -> None:
        """Send an answer. Raises OSError when it is not taken within MESSAGE_S."""
        sent = self._sock.send(data)
        if sent == len(data):
            return
        until = time.monotonic() + MESSAGE_S
        left = memoryview(data)[sent:]
        while left:
            self._sock.settimeout(_remaining(until))
            left = left[self._sock.send(left) :]
        self._sock.settimeout(self._idle_s)

    def _header(self) -> bytes:
        if self._shaken and not self._buffer:
            self._buffer = self._first_piece()
            self._until = time.monotonic() + MESSAGE_S
        header = self._take(HEADER.size)
        tag, _, kind, flags, sequence, data_size, serializer, annotations_size, _, _ = HEADER.unpack(header)
        if tag != b"PYRO":
            return header  # the library says what is wrong with it
        size = data_size + annotations_size
        if data_size < 0 or size > max(self._skipped, self._largest):
            raise ConnectionAbortedError("a message that is much too large")
        refusal = self._refusal(kind, flags, serializer, size)
        if refusal is not None:
            self._skip(size)
            raise RefusedMessage(sequence, serializer if serializer in (SERPENT, MSGPACK) else SERPENT, refusal)
        self._rest = size
        return header

    def _refusal(self, kind: int, flags: int, serializer: int, size: int) -> TicTacToeError | None:
        """Why the header's message is not wanted, if it is not."""
        if self._shaken == (kind == CONNECT):
            return InvalidArgument("a connection begins with a handshake and has one")
        largest = self._largest if self._shaken else LARGEST_HANDSHAKE
        if serializer == SERPENT:
            largest = min(largest, LARGEST_TEXT_CALL)
        if size > largest:
            return TooLarge(f"the message is larger than {largest} bytes")
        if serializer not in (SERPENT, MSGPACK):
            return InvalidArgument("messages are written in serpent or msgpack")
        if flags & _ALL_REFUSED:
            return next(InvalidArgument(sentence) for flag, sentence in _REFUSED_KINDS.items() if flags & flag)
        return None

    def _take(self, size: int) -> bytes:
        """Exactly that many bytes, by ``_until`` if they are not here yet."""
        buffer = self._buffer
        if len(buffer) >= size:
            self._buffer = buffer[size:]
            return buffer[:size]
        pieces = [buffer]
        missing = size - len(buffer)
        self._buffer = b""
        while missing:
            self._sock.settimeout(_remaining(self._until))
            piece = self._receive(min(missing, _SKIPPED))
            pieces.append(piece)
            missing -= len(piece)
        if self._shaken:
            self._sock.settimeout(self._idle_s)
        return b"".join(pieces)

    def _skip(self, size: int) -> None:
        while size:
            size -= len(self._take(min(size, _SKIPPED)))

    def _first_piece(self) -> bytes:
        """The beginning of a message. Nothing needs to be said while an answer is owed, however long that takes."""
        while True:
            try:
                return self._receive(_PIECE)
            except TimeoutError:
                if not self.owes():
                    raise

    def _receive(self, most: int) -> bytes:
        data = self._sock.recv(most)
        if not data:
            raise ConnectionAbortedError("closed by the other side")
        return data


def _remaining(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("a message came too slowly")
    return left
