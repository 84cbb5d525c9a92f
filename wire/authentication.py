"""Authentication of a connection: both ends prove that they have one key, and each message proves its sender. Pure.

The handshake is two state machines, ``Initiator`` and ``Responder``. ``Session`` makes and checks the tags of the
messages after it. Sockets, message formats and contents do not belong here. A link with another format can use this
module unchanged: to it, a message is a header and data.

The initiator opens the connection; the responder accepts it. A handshake has three messages. It follows TLS 1.3 with a
pre-shared key (RFC 8446) and SIGMA (Krawczyk, 2003), without encryption and without forward secrecy:

| message | from | its token |
| --- | --- | --- |
| hello | initiator | version, nonce, and a tag by the shared key |
| challenge | responder | version, nonce, and a tag by a key of this connection |
| proof | initiator | a tag by another key of this connection |

Every tag covers everything sent before it on the connection. The keys of the connection depend on both nonces, so a
recorded half of a handshake is useless. A hello can be replayed: its tag only saves the responder work.

After the handshake a tag is HMAC-SHA256 (RFC 2104) by the key of its direction, over a counter, the header and the
data. The counter is not sent. So a tag is wrong if its message is repeated, left out, moved or changed. It is also
wrong if the message returns to its sender or comes from another connection. The first wrong tag ends the session with
``NotAuthentic``.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct

from game.errors import InvariantBroken

TAG_BYTES = 32
NONCE_BYTES = 32
HELLO_BYTES = CHALLENGE_BYTES = 1 + NONCE_BYTES + TAG_BYTES
"""Sizes of tokens. A proof is a tag alone."""
_BLOCK_BYTES = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))
_NUMBER = struct.Struct("!Q")


class NotAuthentic(Exception):
    """A message has no tag or a wrong tag. The connection must be closed at once."""


def version_of(token: bytes | None) -> int | None:
    """Return the version in a hello, also if the hello has another version's format; None without a token."""
    return token[0] if token else None


class Session:
    """The tags of a connection's messages after the handshake. One thread at a time may send, and one may receive."""

    __slots__ = ("_received", "_receiving", "_sending", "_sent")

    def __init__(self, *, sending: bytes, receiving: bytes) -> None:
        """``sending``, ``receiving``: the keys of the two directions."""
        self._sending = _Key(sending)
        self._receiving: _Key | None = _Key(receiving)
        """None after the first message that was not authentic."""
        self._sent = 0
        self._received = 0

    def tag(self, header: bytes, data: bytes) -> bytes:
        """Return the tag of the next message to send. Messages must be sent in the order of their tags."""
        number = self._sent
        self._sent = number + 1
        return self._sending.tag(_NUMBER.pack(number) + header, data)

    def verify(self, token: bytes | None, header: bytes, data: bytes) -> None:
        """Check the next received message. Raises NotAuthentic, and from then on for every message."""
        key, number = self._receiving, self._received
        if key is None or token is None:
            self._receiving = None
            raise NotAuthentic("a message without a tag, or after one that was not authentic")
        if not hmac.compare_digest(token, key.tag(_NUMBER.pack(number) + header, data)):
            self._receiving = None
            raise NotAuthentic(f"message {number} was changed, repeated, moved, or is of another connection")
        self._received = number + 1


class Initiator:
    """The handshake at the connecting end.

    Call ``hello``, ``accept`` for the challenge and ``proof``.
    """

    def __init__(self, key: bytes, version: int) -> None:
        """``version``: the protocol version of the messages after the handshake, 0 to 255."""
        self._transcript = _Transcript(key, version)
        self._keys: _Keys | None = None

    def hello(self, header: bytes, data: bytes) -> bytes:
        """Return the token of the first message."""
        return self._transcript.hello(header, data, secrets.token_bytes(NONCE_BYTES))

    def accept(self, token: bytes | None, header: bytes, data: bytes) -> Session:
        """Accept the challenge. Return the session, which begins after the proof.

        Raises NotAuthentic if the other end does not have the key, or has another version.
        """
        version, nonce, tag = _parts(token)
        self._transcript.check_version(version)
        keys = self._keys = self._transcript.keys(header, data, nonce)
        _check_tag(tag, self._transcript.tag(keys.challenge))
        return Session(sending=keys.of_initiator, receiving=keys.of_responder)

    def proof(self, header: bytes, data: bytes) -> bytes:
        """Return the token of the message that answers the challenge."""
        self._transcript.add(header, data)
        return self._transcript.tag(_of_this(self._keys).proof)


class Responder:
    """The handshake at the accepting end.

    Call ``accept_hello``, ``challenge`` and ``accept_proof``.
    """

    def __init__(self, key: bytes, version: int) -> None:
        """See ``Initiator``."""
        self._transcript = _Transcript(key, version)
        self._keys: _Keys | None = None

    def accept_hello(self, token: bytes | None, header: bytes, data: bytes) -> None:
        """Accept the first message. Raises NotAuthentic if its sender does not have the key. A replay is accepted."""
        version, nonce, tag = _parts(token)
        self._transcript.check_version(version)
        _check_tag(tag, self._transcript.hello(header, data, nonce)[-TAG_BYTES:])

    def challenge(self, header: bytes, data: bytes) -> bytes:
        """Return the token of the answer to the hello."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        self._keys = self._transcript.keys(header, data, nonce)
        return bytes([self._transcript.version]) + nonce + self._transcript.tag(self._keys.challenge)

    def accept_proof(self, token: bytes | None, header: bytes, data: bytes) -> Session:
        """Accept the answer to the challenge, and return the session.

        Raises NotAuthentic if the proof does not belong to this challenge.
        """
        keys = _of_this(self._keys)
        self._transcript.add(header, data)
        _check_tag(token, self._transcript.tag(keys.proof))
        return Session(sending=keys.of_responder, receiving=keys.of_initiator)


class _Key:
    """HMAC-SHA256 with a fixed key.

    It hashes the key's two blocks once; the standard library takes twice as long for a message.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = (hashlib.sha256(key).digest() if len(key) > _BLOCK_BYTES else key).ljust(_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER))
        self._outer = hashlib.sha256(block.translate(_OUTER))

    def tag(self, start: bytes, rest: bytes = b"") -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(start)
        inner.update(rest)
        outer.update(inner.digest())
        return outer.digest()


class _Keys:
    """The keys of one connection, each for one purpose."""

    __slots__ = ("challenge", "of_initiator", "of_responder", "proof")

    def __init__(self, secret: bytes) -> None:
        derive = _Key(secret).tag
        self.challenge = derive(b"challenge")
        self.proof = derive(b"proof")
        self.of_initiator = derive(b"from the initiator")
        self.of_responder = derive(b"from the responder")


class _Transcript:
    """Everything sent in a handshake, in order, each part with its length. Tags and keys are derived from it."""

    def __init__(self, key: bytes, version: int) -> None:
        self.version = version
        self._key = _Key(key)
        self._hash = hashlib.sha256()
        self.add(b"shared-key handshake", bytes([version]))

    def add(self, *parts: bytes) -> None:
        for part in parts:
            self._hash.update(_NUMBER.pack(len(part)) + part)

    def check_version(self, version: int) -> None:
        if version != self.version:
            raise NotAuthentic(f"version {version} of the handshake, where {self.version} was expected")

    def tag(self, key: bytes) -> bytes:
        """Return the tag of the transcript so far, and add the tag to the transcript."""
        tag = _Key(key).tag(self._hash.digest())
        self.add(tag)
        return tag

    def hello(self, header: bytes, data: bytes, nonce: bytes) -> bytes:
        """Return the token of a hello with this nonce."""
        self.add(header, data, nonce)
        tag = self._key.tag(b"hello", self._hash.digest())
        self.add(tag)
        return bytes([self.version]) + nonce + tag

    def keys(self, header: bytes, data: bytes, nonce: bytes) -> _Keys:
        """Return the keys of the connection. Needs the responder's message and nonce."""
        self.add(header, data, nonce)
        return _Keys(self._key.tag(b"session", self._hash.digest()))


def _of_this(keys: _Keys | None) -> _Keys:
    if keys is None:
        raise InvariantBroken("a step of a handshake before the one that it needs")
    return keys


def _parts(token: bytes | None) -> tuple[int, bytes, bytes]:
    if token is None or len(token) != HELLO_BYTES:
        raise NotAuthentic("a message of the handshake without its token")
    return token[0], token[1 : 1 + NONCE_BYTES], token[1 + NONCE_BYTES :]


def _check_tag(tag: bytes | None, right: bytes) -> None:
    if tag is None or not hmac.compare_digest(tag, right):
        raise NotAuthentic("the other end does not have the key")
