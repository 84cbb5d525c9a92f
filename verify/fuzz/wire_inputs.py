"""Malformed messages, byte by byte. Each kind is a function of a random generator. Nothing here opens a socket.

The header is that of the RPC library (protocol 48). It is built here by hand, since the library would not build an
invalid one.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Mapping

import msgpack

from server.replication.link.channel import LINK_PROTOCOL
from wire import PROTOCOL_VERSION
from wire.authentication import HELLO_BYTES

Garbage = Callable[[random.Random], bytes]

CONNECT, CONNECTED, FAILED, INVOKE, RESULT, PING = 1, 2, 3, 4, 5, 6
SERPENT, MSGPACK = 1, 6
META, COMPRESSED, BATCH, KEEP_SERIALIZED, ONEWAY = 16, 2, 8, 64, 4
_HEADER = "!4sHHHHiHHHH"
_MAGIC = 0x34E9
_MEGABYTE = 1 << 20


def message(  # one argument for each field of the header
    kind: int,
    data: bytes,
    *,
    serializer: int = MSGPACK,
    flags: int = 0,
    annotations: bytes = b"",
    claims: int | None = None,
    checksum: int | None = None,
) -> bytes:
    """Build a message. ``claims`` replaces its length, ``checksum`` its checksum."""
    size = len(data) if claims is None else claims
    right = (kind + 48 + size + len(annotations) + serializer + flags + 1 + _MAGIC) & 0xFFFF
    checked = right if checksum is None else checksum
    header = struct.pack(_HEADER, b"PYRO", 48, kind, flags, 1, size, serializer, len(annotations), 0, checked)
    return header + annotations + data


def handshake(name: str) -> bytes:
    """Build a valid handshake with an object."""
    return message(CONNECT, msgpack.packb({"handshake": {"protocol": PROTOCOL_VERSION}, "object": name}), flags=META)


def call(name: str, method: str, *arguments: object) -> bytes:
    """Build a well-formed call."""
    return message(INVOKE, msgpack.packb((name, method, arguments, {})))


def _flipped(rng: random.Random) -> bytes:
    whole = bytearray(call("main_server", "describe"))
    for _ in range(rng.randrange(1, 4)):
        whole[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
    return bytes(whole)


def _truncated(rng: random.Random) -> bytes:
    whole = call("communication_server", "claim", "x" * 30, "y" * 43)
    return whole[: rng.randrange(1, len(whole))]


def _lying_length(rng: random.Random) -> bytes:
    claims = rng.choice((-1, -(1 << 31), 0, 5, 1 << 16, _MEGABYTE, _MEGABYTE + 1, (1 << 31) - 1))
    return message(INVOKE, rng.randbytes(rng.randrange(200)), claims=claims)


def _flags(rng: random.Random) -> bytes:
    call_data = msgpack.packb(("communication_server", "<batch>", [["rooms", [], {}]] * 50, {}))
    flags = rng.choice((COMPRESSED, BATCH, KEEP_SERIALIZED, ONEWAY, 1, 32, 0xFFFF, rng.getrandbits(16)))
    name = b"BLBI" if rng.random() < 0.5 else b"\xff\xff\xff\xff"  # noqa: PLR2004  # one of two prefixes
    blob = name + struct.pack("!H", rng.choice((4, 0xFFFF))) + rng.randbytes(4)
    return message(INVOKE, call_data, flags=flags, annotations=rng.choice((b"", b"x", blob)))


def _bomb(rng: random.Random) -> bytes:
    """Return a text that costs a parser far more than its length suggests."""
    unit, tail = rng.choice(
        (
            (b"[", b""),
            (b"[],", b""),
            (b"1,", b""),
            (b"9", b""),
            (b"-", b"1"),
            (b"+1", b"j"),
            (b"1 if 1 else ", b"1"),
            (b"not ", b"1"),
            (b"lambda:", b"1"),
            (b"a.", b"a"),
            (b"''", b""),
            (b"'\\d',", b""),
            (b"{1:", b""),
        )
    )
    size = rng.choice((500, 16_000, 16_300, 60_000, _MEGABYTE - 100))
    text = (b"[" if unit.endswith(b",") else b"") + unit * (size // len(unit)) + tail
    return message(INVOKE, text + (b"]" if unit.endswith(b",") else b""), serializer=SERPENT)


def _packed(rng: random.Random) -> bytes:
    """Return unusual msgpack: deep nesting, huge length fields, keys that are no texts, extension types."""
    size = rng.choice((100, 1_200, 60_000))
    return message(
        INVOKE,
        rng.choice(
            (
                b"\x91" * size,
                b"\x81" * size,
                b"\xdd\xff\xff\xff\xff",
                b"\xdf\xff\xff\xff\xff\xa1a",
                b"\xc6\xff\xff\xff\xff",
                b"\xc9\x7f\xff\xff\xff\x01",
                b"\xdc\xff\xff" + b"\x80" * min(size, 60_000),
                b"\x94\xa1x\xa1y\x90\x81\x01\x02",
                b"\x94\xa1x\xa1y\x90\x81\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00\x01",
                b"\x94\xa1x\xa1y\x90\x81\x90\x01",
                b"\x94\xa1x\xa1y\x91\xd6\xff\x00\x00\x00\x00\x80",
                b"\x94\xa1x\xa1y\x91\xc7\x0c\xff" + b"\xff" * 12,
                b"\x94\x90\x90\x90\x80",
                b"\x94\x80\xc0\xc0\xc0",
                b"\x93\xa1x",
                b"\xc1",
                b"\x94\xa1x\xd9\xff" + b"\xff" * 255 + b"\x90\x80",
                rng.randbytes(size),
            )
        ),
    )


def _forged_signature(rng: random.Random) -> bytes:
    signature = b"HMAC" + struct.pack("!H", 20) + rng.randbytes(20)
    return message(
        CONNECT,
        msgpack.packb({"handshake": {"protocol": PROTOCOL_VERSION}, "object": "peer"}),
        flags=META,
        annotations=signature,
    )


def _request(rng: random.Random) -> bytes:
    """Return an HTTP request, valid or not."""
    method = rng.choice((b"GET", b"HEAD", b"POST", b"DELETE", b"PRI", b"get", b"\x00", b"G" * 9000))
    paths = (
        b"/metrics",
        b"/",
        b"/../../etc/passwd",
        b"/metrics/%2e%2e/.env",
        b"//metrics",
        b"/" + b"a" * 9000,
        b"\xff",
    )
    version = rng.choice((b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2", b"HTTP/1.x", b"", b"\x00"))
    field = rng.choice(
        (
            b"Host: x",
            b"Content-Length: 99999999999",
            b"Content-Length: -1",
            b"Transfer-Encoding: chunked",
            b"Expect: 100-continue",
            b"Connection: keep-alive",
            b"X: " + b"a" * 20_000,
            b"X",
            b": ",
            b"\x00\xff",
        )
    )
    request = b" ".join((method, rng.choice(paths), version)) + b"\r\n" + field * rng.choice((1, 1, 50))
    return (request + rng.choice((b"\r\n\r\n", b"\n\n", b"\r\n", b""))) * rng.choice((1, 1, 20))


def _link_frame(rng: random.Random, content: bytes) -> bytes:
    """Return a frame of the replica link. Its length is sometimes wrong."""
    size = rng.choice((len(content), len(content), len(content), 0, len(content) + 1, 1 << 20, (1 << 32) - 1))
    return struct.pack("!I", size) + content


def _forged_hello(rng: random.Random) -> bytes:
    """Return the first message of a handshake on the link, without the key, and perhaps more."""
    token = rng.randbytes(rng.choice((HELLO_BYTES - 1, 0, HELLO_BYTES)))
    version = rng.choice((LINK_PROTOCOL, LINK_PROTOCOL, 0, 255))
    return _link_frame(rng, bytes([version]) + token) + _link_frame(rng, rng.randbytes(rng.choice((0, 32, 5000))))


AFTER_HANDSHAKE: Mapping[str, Garbage] = {
    "noise": lambda rng: rng.randbytes(rng.choice((1, 3, 39, 40, 41, 400, 5000))),
    "flipped bits": _flipped,
    "truncated": _truncated,
    "lying length": _lying_length,
    "wrong checksum": lambda rng: message(INVOKE, b"\x90", checksum=rng.randrange(0xFFFF)),
    "unknown kind": lambda rng: message(rng.choice((0, CONNECT, CONNECTED, FAILED, RESULT, 7, 99, 0xFFFF)), b"\x90"),
    "unknown serializer": lambda rng: message(
        INVOKE, rng.randbytes(20), serializer=rng.choice((0, 2, 3, 4, 5, 7, 8, 42, 0xFFFF))
    ),
    "flags": _flags,
    "text bomb": _bomb,
    "msgpack bomb": _packed,
    "huge": lambda rng: message(INVOKE, bytes(rng.choice((70_000, _MEGABYTE, _MEGABYTE + 100)))),
}
"""Inputs for a connection after the handshake."""

AS_HANDSHAKE: Mapping[str, Garbage] = {
    **AFTER_HANDSHAKE,
    "other protocol": lambda rng: rng.choice(
        (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"SSH-2.0-x\r\n")
    ),
    "forged signature": _forged_signature,
}
"""Inputs in place of a handshake."""

AT_METRICS: Mapping[str, Garbage] = {
    "request": _request,
    **{kind: AS_HANDSHAKE[kind] for kind in ("noise", "other protocol")},
}
"""Inputs for the metrics port."""

AT_LINK: Mapping[str, Garbage] = {
    "frames of the link": lambda rng: b"".join(
        _link_frame(rng, rng.randbytes(rng.choice((0, 1, 64, 65, 200)))) for _ in range(rng.randrange(1, 5))
    ),
    "forged hello": _forged_hello,
    **{kind: AS_HANDSHAKE[kind] for kind in ("noise", "other protocol", "huge")},
}
"""Inputs for the replica link."""
