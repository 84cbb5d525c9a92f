"""What comes in on one connection of a server, with limits: how large, of which kinds. Pure: bytes in, messages out.

Lives here: taking the RPC library's messages out of what has come so far, header first, and refusing by the header
alone what is too large or of a kind nobody needs, before any more of it is kept. What never lives here: what a message
says; sockets; how long anybody may take (``rpc.connection``).
"""

from __future__ import annotations

from game.errors import InvalidArgument, TicTacToeError
from wire.errors import TooLarge
from wire.frames import BATCH, COMPRESSED, CONNECT, HEADER, KEEP_SERIALIZED, MSGPACK, SERPENT, Frame, Head, head_of

LARGEST_CALL = 1 << 16
"""Bytes in one call of a client: no call needs more than some thousand."""
LARGEST_TEXT_CALL = 1 << 14
"""Bytes in one call written in serpent. It is read by Python's own parser, which needs 500 times its size and lets no
other thread run: 1 MB took 500 MB and 1.6 s."""
LARGEST_HANDSHAKE = 1 << 12
LARGEST_OF_SERVERS = (1 << 26) + (1 << 20)
"""Bytes in one message between servers that have proved their key, whatever is set for clients: the state of a room
goes in one, and a crowd can make that larger than any message of theirs."""

_REFUSED_KINDS = {
    COMPRESSED: "compressed messages are not accepted",  # a small one could expand beyond any limit
    BATCH: "batches of calls are not accepted",  # a small one could ask for thousands of large answers at once
    KEEP_SERIALIZED: "serialized arguments are not accepted",  # nobody needs another way to write them
}
_ALL_REFUSED = COMPRESSED | BATCH | KEEP_SERIALIZED


class RejectedMessage:
    """A whole message that was read past, not kept: it can be answered with ``error``, and the connection goes on."""

    __slots__ = ("error", "sequence", "serializer")

    def __init__(self, sequence: int, serializer: int, error: TicTacToeError) -> None:
        self.sequence = sequence
        self.serializer = serializer
        self.error = error


class MessageReader:
    """The messages of one connection. For one thread at a time."""

    def __init__(self, *, largest: int, skipped: int) -> None:
        """``largest``: bytes in one call. Up to ``skipped`` bytes a larger one is read past and can be answered; beyond
        that the connection is broken."""
        self._largest = largest
        self._skipped = skipped
        self._buffer = b""
        self._refused: RejectedMessage | None = None
        self._to_skip = 0
        self.shaken = False
        """Whether the handshake is over, and calls come."""

    def feed(self, data: bytes) -> None:
        """This has come."""
        self._buffer = self._buffer + data if self._buffer else data

    @property
    def begun(self) -> bool:
        """Whether something has come that ``next`` has not given: a part of a message, or more."""
        return bool(self._buffer) or self._refused is not None

    def next(self) -> Frame | RejectedMessage | None:
        """The next message, if it is all there. Raises ConnectionAbortedError for what is none, or much too large."""
        if self._refused is not None:
            return self._read_past()
        buffer = self._buffer
        if len(buffer) < HEADER.size:
            return None
        header = buffer[: HEADER.size]
        head = head_of(header)
        size = head.data_size + head.annotations_size
        if head.data_size < 0 or size > max(self._skipped, self._largest):
            raise ConnectionAbortedError("a message that is much too large")
        refusal = self._refusal(head, size)
        if refusal is not None:
            self._refused = RejectedMessage(
                head.sequence, head.serializer if head.serializer in (SERPENT, MSGPACK) else SERPENT, refusal
            )
            self._to_skip = HEADER.size + size
            return self._read_past()
        data_from = HEADER.size + head.annotations_size
        end = HEADER.size + size
        if len(buffer) < end:
            return None
        self._buffer = buffer[end:]
        return Frame(*head[:4], buffer[HEADER.size : data_from], buffer[data_from:end], header)

    def _read_past(self) -> RejectedMessage | None:
        past = min(self._to_skip, len(self._buffer))
        self._buffer = self._buffer[past:]
        self._to_skip -= past
        if self._to_skip:
            return None
        refused, self._refused = self._refused, None
        return refused

    def _refusal(self, head: Head, size: int) -> TicTacToeError | None:
        """Why the header's message is not wanted, if it is not."""
        if self.shaken == (head.kind == CONNECT):
            return InvalidArgument("a connection begins with a handshake and has one")
        largest = self._largest if self.shaken else LARGEST_HANDSHAKE
        if head.serializer == SERPENT:
            largest = min(largest, LARGEST_TEXT_CALL)
        if size > largest:
            return TooLarge(f"the message is larger than {largest} bytes")
        if head.serializer not in (SERPENT, MSGPACK):
            return InvalidArgument("messages are written in serpent or msgpack")
        if head.flags & _ALL_REFUSED:
            return next(InvalidArgument(sentence) for flag, sentence in _REFUSED_KINDS.items() if head.flags & flag)
        return None
