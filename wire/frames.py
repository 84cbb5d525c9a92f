"""The RPC library's messages as bytes: header, annotations, data. Pure; the data is not interpreted here.

Both ends of our calls use this module instead of the library's code, which is slower. That code makes an object for
each message and requests random ids from the system. Other clients see no difference.

Between servers a message has a token as its only annotation. ``authentication`` makes and checks the token.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct

from wire.authentication import TAG_BYTES

HEADER = struct.Struct("!4sHHHHiHHHH")
CONNECT, CONNECT_OK, CONNECT_FAIL, INVOKE, RESULT, PING = 1, 2, 3, 4, 5, 6
"""Kinds of messages."""
EXCEPTION, COMPRESSED, ONEWAY, BATCH, WITH_METADATA, KEEP_SERIALIZED = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 6
"""Flags of messages."""
SERPENT, MSGPACK = 1, 6
"""Serializers. Every client has serpent."""
_TAG = b"PYRO"
_VERSION = 48
_MAGIC = 0x34E9
_CHUNK = struct.Struct("!4sH")
_TOKEN = b"AUTH"
_TAG_HEADER = _CHUNK.pack(_TOKEN, TAG_BYTES)
_LIBRARY_SIGNATURE = b"HMAC"

Prove = Callable[[bytes, bytes], bytes]
"""Returns the token of a message, from its header and its data."""


class Head(NamedTuple):
    """A message's header. The sizes are in bytes; until the message has arrived, they are only the sender's claim."""

    kind: int
    flags: int
    sequence: int
    serializer: int
    annotations_size: int
    data_size: int


class Frame(Struct, frozen=True, gc=False):
    """A received message."""

    kind: int
    flags: int
    sequence: int
    serializer: int
    annotations: bytes
    data: bytes
    header: bytes
    """The header's bytes as received; the message's tag covers them."""


def encode(
    kind: int,
    flags: int,
    sequence: int,
    serializer: int,
    data: bytes,
    prove: Prove | None = None,
    token_size: int = TAG_BYTES,
) -> bytes:
    """Return a message as bytes. If ``prove`` is given, it makes the token, of ``token_size`` bytes."""
    size, more = len(data), 0 if prove is None else _CHUNK.size + token_size
    checksum = (kind + _VERSION + size + more + serializer + flags + sequence + _MAGIC) & 0xFFFF
    header = HEADER.pack(_TAG, _VERSION, kind, flags, sequence, size, serializer, more, 0, checksum)
    if prove is None:
        return header + data
    chunk = _TAG_HEADER if token_size == TAG_BYTES else _CHUNK.pack(_TOKEN, token_size)
    return header + chunk + prove(header, data) + data


class NotAMessage(ConnectionAbortedError):
    """Received bytes that are not a message, or not an acceptable one. The connection cannot continue."""


def head_of(header: bytes) -> Head:
    """Return the fields of a header. Raises NotAMessage for bytes that are not a header."""
    return Head(*unpacked_head(header, 0))


def unpacked_head(data: bytes, start: int) -> tuple[int, int, int, int, int, int]:
    """Return the fields of the header that begins there, in the order of ``Head``. Raises NotAMessage."""
    tag, version, kind, flags, sequence, size, serializer, more, _, checksum = HEADER.unpack_from(data, start)
    right = (kind + version + size + more + serializer + flags + sequence + _MAGIC) & 0xFFFF
    if tag != _TAG or version != _VERSION or checksum != right:
        raise NotAMessage("that is not a message")
    return kind, flags, sequence, serializer, more, size


def token_of(frame: Frame) -> bytes | None:
    """Return the message's token; None if it has none, or has other annotations, which no token covers."""
    annotations = frame.annotations
    if annotations[: _CHUNK.size] == _TAG_HEADER and len(annotations) == _CHUNK.size + TAG_BYTES:
        return annotations[_CHUNK.size :]
    if len(annotations) < _CHUNK.size or _CHUNK.unpack_from(annotations) != (_TOKEN, len(annotations) - _CHUNK.size):
        return None
    return annotations[_CHUNK.size :]


def has_library_signature(frame: Frame) -> bool:
    """Return whether the RPC library signed the message with a key, as servers up to peer protocol 2 did."""
    annotations, place = frame.annotations, 0
    while place + _CHUNK.size <= len(annotations):
        name, size = _CHUNK.unpack_from(annotations, place)
        if name == _LIBRARY_SIGNATURE:
            return True
        place += _CHUNK.size + size
    return False
