"""The input of a server's connection, with limits on size and kind of messages. Pure: bytes in, messages out.

The reader takes the RPC library's messages out of the received bytes. By the header alone it refuses messages that are
too large or of an unsupported kind, before it keeps more of them. The contents of messages, sockets and deadlines do
not belong here; deadlines are in ``rpc.connection``.
"""

from __future__ import annotations

from game.errors import InvalidArgument, TicTacToeError
from wire.errors import TooLarge
from wire.frames import (
    BATCH,
    COMPRESSED,
    CONNECT,
    HEADER,
    KEEP_SERIALIZED,
    MSGPACK,
    SERPENT,
    Frame,
    NotAMessage,
    unpacked_head,
)

LARGEST_CALL = 1 << 16
"""The most bytes in a client's call. No call needs more than a few thousand."""
LARGEST_TEXT_CALL = 1 << 14
"""The most bytes in a call in serpent. Python's own parser reads it, needs 500 times its size in memory, and blocks all
other threads: 1 MB took 500 MB and 1.6 s."""
LARGEST_HANDSHAKE = 1 << 12
"""The most bytes in a handshake message."""
LARGEST_OF_SERVERS = (1 << 26) + (1 << 20)
"""The most bytes in a message between authenticated servers, whatever the limit for clients. One message carries the
state of a room, and a room with many people is larger than any client's message."""
_MOST_PIECES = 1024
"""The most pieces of input that are kept apart. Each costs some bytes more than it has."""

_REFUSED_KINDS = {
    COMPRESSED: "compressed messages are not accepted",  # a small message could expand beyond any limit
    BATCH: "batches of calls are not accepted",  # a small message could request thousands of large answers
    KEEP_SERIALIZED: "serialized arguments are not accepted",  # no client needs a second way to write them
}
_ALL_REFUSED = COMPRESSED | BATCH | KEEP_SERIALIZED
_ACCEPTED = (SERPENT, MSGPACK)


class RejectedMessage:
    """A message that was skipped, not kept. The server answers it with ``error``, and the connection continues."""

    __slots__ = ("error", "sequence", "serializer")

    def __init__(self, sequence: int, serializer: int, error: TicTacToeError) -> None:
        self.sequence = sequence
        self.serializer = serializer
        self.error = error


class MessageReader:
    """The messages of one connection. Not thread-safe."""

    def __init__(self, *, largest: int, skipped: int) -> None:
        """``largest``: bytes in one call. A larger message, up to ``skipped`` bytes, is skipped and can be answered.

        A message beyond ``skipped`` bytes breaks the connection.
        """
        self._largest = largest
        self._largest_skipped = max(largest, skipped)
        self._buffer = b""
        self._at = 0
        """Where the input that ``next`` has not returned begins in ``_buffer``."""
        self._more: list[bytes] = []
        """Input after ``_buffer``, in pieces: a copy of a large message for each piece would take seconds."""
        self.size = 0
        """Bytes of input that ``next`` has not returned."""
        self._needed = HEADER.size
        """Bytes that the next message has, as far as that is known."""
        self._refused: RejectedMessage | None = None
        """The message that is being skipped. ``_to_skip``: its bytes that are not skipped yet."""
        self._to_skip = 0
        self.handshake_done = False
        """Whether the handshake is complete and messages are calls."""

    def feed(self, data: bytes) -> None:
        """Add received bytes."""
        if self.size == 0:
            self._buffer, self._at, self.size = data, 0, len(data)
            return
        self.size += len(data)
        self._more.append(data)
        if len(self._more) >= _MOST_PIECES:
            self._join()

    @property
    def has_input(self) -> bool:
        """Return whether there is input that ``next`` has not returned: a part of a message, or more."""
        return self.size > 0 or self._refused is not None

    def next(self) -> Frame | RejectedMessage | None:
        """Return the next message; None while it is incomplete.

        Raises NotAMessage for bytes that are not a message, and for a message beyond ``skipped`` bytes.
        """
        if self.size < self._needed:
            return None
        if self._more:
            self._join()
        if self._refused is not None:
            return self._read_past()
        buffer, start = self._buffer, self._at
        kind, flags, sequence, serializer, annotations_size, data_size = unpacked_head(buffer, start)
        size = annotations_size + data_size
        if data_size < 0 or size > self._largest_skipped:
            raise NotAMessage("a message that is much too large")
        refusal = self._refusal(kind, flags, serializer, size)
        if refusal is not None:
            answered_in = serializer if serializer in _ACCEPTED else SERPENT
            self._refused = RejectedMessage(sequence, answered_in, refusal)
            self._needed, self._to_skip = 1, HEADER.size + size
            return self._read_past()
        needed = self._needed = HEADER.size + size
        if self.size < needed:
            return None
        annotations_from = start + HEADER.size
        data_from, end = annotations_from + annotations_size, start + needed
        self._needed = HEADER.size
        self._drop(needed)
        return Frame(
            kind,
            flags,
            sequence,
            serializer,
            buffer[annotations_from:data_from],
            buffer[data_from:end],
            buffer[start:annotations_from],
        )

    def _read_past(self) -> RejectedMessage | None:
        past = min(self._to_skip, self.size)
        self._drop(past)
        self._to_skip -= past
        if self._to_skip:
            return None
        refused, self._refused, self._needed = self._refused, None, HEADER.size
        return refused

    def _drop(self, count: int) -> None:
        """Forget this many bytes of ``_buffer``."""
        self._at += count
        self.size -= count
        if self.size == 0:
            self._buffer, self._at = b"", 0

    def _join(self) -> None:
        self._buffer, self._at = b"".join((self._buffer[self._at :], *self._more)), 0
        self._more.clear()

    def _refusal(self, kind: int, flags: int, serializer: int, size: int) -> TicTacToeError | None:
        """Return the error for a message that its header alone makes unacceptable; None otherwise."""
        if self.handshake_done == (kind == CONNECT):
            return InvalidArgument("a connection begins with a handshake and has one")
        largest = self._largest if self.handshake_done else LARGEST_HANDSHAKE
        if serializer == SERPENT:
            largest = min(largest, LARGEST_TEXT_CALL)
        if size > largest:
            return TooLarge(f"the message is larger than {largest} bytes")
        if serializer not in _ACCEPTED:
            return InvalidArgument("messages are written in serpent or msgpack")
        if flags & _ALL_REFUSED:
            return next(InvalidArgument(sentence) for flag, sentence in _REFUSED_KINDS.items() if flags & flag)
        return None
