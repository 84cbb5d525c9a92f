"""The RPC library's messages as bytes: a header, annotations, data. Pure; what the data says is not known here.

Both ends of a call are short of time, so they write and read messages with this instead of the library's own code,
which makes an object of each and asks the system for random ids that nobody needs. Everybody else's clients see no
difference.

A message is signed with the cluster's key between servers: HMAC over the data and all other annotations (RFC 2104).
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import struct
from typing import NamedTuple

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
_SIGNATURE = b"HMAC"
_SIGNATURE_HEADER = _CHUNK.pack(_SIGNATURE, hashlib.sha1().digest_size)


class Head(NamedTuple):
    """A message's header; the sizes are in bytes, and claims until the message is here."""

    kind: int
    flags: int
    sequence: int
    serializer: int
    annotations_size: int
    data_size: int


class Frame(NamedTuple):
    """One message as it came."""

    kind: int
    flags: int
    sequence: int
    serializer: int
    annotations: bytes
    data: bytes


def encode(kind: int, flags: int, sequence: int, serializer: int, data: bytes, key: bytes | None = None) -> bytes:
    """The message's bytes, signed if there is a key."""
    annotations = b"" if key is None else _SIGNATURE_HEADER + _signature(key, data)
    size, more = len(data), len(annotations)
    checksum = (kind + _VERSION + size + more + serializer + flags + sequence + _MAGIC) & 0xFFFF
    header = HEADER.pack(_TAG, _VERSION, kind, flags, sequence, size, serializer, more, 0, checksum)
    return header + annotations + data


def head_of(header: bytes) -> Head:
    """What a header says. Raises ConnectionAbortedError for bytes that are none."""
    tag, version, kind, flags, sequence, size, serializer, more, _, checksum = HEADER.unpack(header)
    right = (kind + version + size + more + serializer + flags + sequence + _MAGIC) & 0xFFFF
    if tag != _TAG or version != _VERSION or checksum != right:
        raise ConnectionAbortedError("that is not a message")
    return Head(kind, flags, sequence, serializer, more, size)


def is_signed(frame: Frame, key: bytes | None) -> bool:
    """Whether the message has the signature that it must have: the key's, or without a key none."""
    chunks = _chunks(frame.annotations)
    signature = chunks.pop(_SIGNATURE, None)
    if key is None or signature is None:
        return key is None and signature is None
    others = b"".join(value for _, value in sorted(chunks.items()))
    return hmac.compare_digest(signature, _signature(key, frame.data + others))


def _chunks(annotations: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    place = 0
    while place + _CHUNK.size <= len(annotations):
        name, size = _CHUNK.unpack_from(annotations, place)
        place += _CHUNK.size
        found[name] = annotations[place : place + size]
        place += size
    return found


@functools.cache
def _keyed(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod=hashlib.sha1)


def _signature(key: bytes, data: bytes) -> bytes:
    signing = _keyed(key).copy()
    signing.update(data)
    return signing.digest()
