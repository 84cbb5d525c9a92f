"""Both ends of a connection prove that they have one key; then each message proves its sender and its place. Pure.

Lives here: the handshake as two machines, and the tags of the messages after it. What never lives here: sockets, the
format of messages, and their contents. A link of another format can use this as it is: a message is a header and data.

The initiator connects, the responder was connected to. A handshake has three messages, as TLS 1.3 with a pre-shared key
(RFC 8446) and SIGMA (Krawczyk, 2003) have them, without encryption and without forward secrecy:

| message | from | its token |
| --- | --- | --- |
| hello | initiator | version, nonce, and a tag by the shared key |
| challenge | responder | version, nonce, and a tag by a key of this connection |
| proof | initiator | a tag by another key of this connection |

Every tag covers all that was sent before on the connection. The keys of the connection come from both nonces, so a
recorded half of a handshake is worth nothing. The tag of a hello only spares the responder work: it can be replayed.

After the handshake a tag is HMAC-SHA256 (RFC 2104) by the key of its direction over a counter, the header and the data.
The counter is not sent. So a message that is repeated, left out, moved, changed, sent back to its sender or taken from
another connection has a wrong tag. One wrong tag ends the session: ``NotAuthentic``.
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
"""Sizes of tokens; a proof is a tag alone."""
_BLOCK_BYTES = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))
_NUMBER = struct.Struct("!Q")


class NotAuthentic(Exception):
    """A message does not have the tag it must have. The connection is to be closed at once."""


def version_of(token: bytes | None) -> int | None:
    """The version that a hello names, also one of another version's format; None without a token."""
    return token[0] if token else None


class Session:
    """The messages of one connection after its handshake. One thread at a time may send, and one may receive."""

    __slots__ = ("_received", "_receiving", "_sending", "_sent")

    def __init__(self, *, sending: bytes, receiving: bytes) -> None:
        """Takes the keys of the two directions."""
        self._sending = _Key(sending)
        self._receiving: _Key | None = _Key(receiving)
        self._sent = 0
        self._received = 0

    def tag(self, header: bytes, data: bytes) -> bytes:
        """Return the tag of the next message that is sent. Messages must be sent in the order of their tags."""
        number = self._sent
        self._sent = number + 1
        return self._sending.tag(_NUMBER.pack(number) + header, data)

    def verify(self, token: bytes | None, header: bytes, data: bytes) -> None:
        """Check the next message that was received. Raises NotAuthentic, and does so for ever after."""
        key, number = self._receiving, self._received
        if key is None or token is None:
            self._receiving = None
            raise NotAuthentic("a message without a tag, or after one that was not authentic")
        if not hmac.compare_digest(token, key.tag(_NUMBER.pack(number) + header, data)):
            self._receiving = None
            raise NotAuthentic(f"message {number} was changed, repeated, moved, or is of another connection")
        self._received = number + 1


class Initiator:
    """The handshake of the end that connected: ``hello``, ``accept`` the challenge, ``proof``; then ``session``."""

    def __init__(self, key: bytes, version: int) -> None:
        """``version``: of what is sent after the handshake, 0 to 255."""
        self._transcript = _Transcript(key, version)
        self._keys: _Keys | None = None

    def hello(self, header: bytes, data: bytes) -> bytes:
        """Return the token of the first message."""
        return self._transcript.hello(header, data, secrets.token_bytes(NONCE_BYTES))

    def accept(self, token: bytes | None, header: bytes, data: bytes) -> None:
        """Take the challenge. Raises NotAuthentic if the other end does not have the key, or has another version."""
        version, nonce, tag = _parts(token)
        self._transcript.check_version(version)
        self._keys = self._transcript.keys(header, data, nonce)
        _check_tag(tag, self._transcript.tag(self._keys.challenge))

    def proof(self, header: bytes, data: bytes) -> bytes:
        """Return the token of the message that answers the challenge."""
        self._transcript.add(header, data)
        return self._transcript.tag(_of_this(self._keys).proof)

    @property
    def session(self) -> Session:
        """What comes after the handshake."""
        keys = _of_this(self._keys)
        return Session(sending=keys.of_initiator, receiving=keys.of_responder)


class Responder:
    """The handshake of the end that was connected to: ``accept_hello``, ``challenge``, ``accept_proof``; then
    ``session``.
    """

    def __init__(self, key: bytes, version: int) -> None:
        """See ``Initiator``."""
        self._transcript = _Transcript(key, version)
        self._keys: _Keys | None = None
        self._proven: _Keys | None = None

    def accept_hello(self, token: bytes | None, header: bytes, data: bytes) -> None:
        """Take the first message. Raises NotAuthentic if its sender does not have the key; not if it is a replay."""
        version, nonce, tag = _parts(token)
        self._transcript.check_version(version)
        _check_tag(tag, self._transcript.hello(header, data, nonce)[-TAG_BYTES:])

    def challenge(self, header: bytes, data: bytes) -> bytes:
        """Return the token of the answer to the hello."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        self._keys = self._transcript.keys(header, data, nonce)
        return bytes([self._transcript.version]) + nonce + self._transcript.tag(self._keys.challenge)

    def accept_proof(self, token: bytes | None, header: bytes, data: bytes) -> None:
        """Take the answer to the challenge. Raises NotAuthentic if it is none to this one."""
        self._transcript.add(header, data)
        _check_tag(token, self._transcript.tag(_of_this(self._keys).proof))
        self._proven = self._keys

    @property
    def session(self) -> Session:
        """What comes after the handshake."""
        keys = _of_this(self._proven)
        return Session(sending=keys.of_responder, receiving=keys.of_initiator)


class _Key:
    """HMAC-SHA256 by one key, its two blocks hashed once. The standard library's takes twice as long for a message."""

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
    """The keys of one connection, each for one use."""

    __slots__ = ("challenge", "of_initiator", "of_responder", "proof")

    def __init__(self, secret: bytes) -> None:
        derive = _Key(secret).tag
        self.challenge = derive(b"challenge")
        self.proof = derive(b"proof")
        self.of_initiator = derive(b"from the initiator")
        self.of_responder = derive(b"from the responder")


class _Transcript:
    """All that was sent in a handshake, in order, each part with its length; and the tags and keys made of it."""

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
        """The tag of all so far, which is a part of the transcript from then on."""
        tag = _Key(key).tag(self._hash.digest())
        self.add(tag)
        return tag

    def hello(self, header: bytes, data: bytes, nonce: bytes) -> bytes:
        """The token of a hello with that nonce."""
        self.add(header, data, nonce)
        tag = self._key.tag(b"hello", self._hash.digest())
        self.add(tag)
        return bytes([self.version]) + nonce + tag

    def keys(self, header: bytes, data: bytes, nonce: bytes) -> _Keys:
        """The keys of the connection, once the responder's message and nonce are known."""
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
