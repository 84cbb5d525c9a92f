"""Each end of the link as a state machine: frames, the handshake of ``wire.authentication``, messages with tags. Pure.

    main server          replication server
    hello            →
                     ←   challenge, or a refusal
    proof            →
    message          →
                     ←   message

Each is a frame: its length in 4 bytes, then that many bytes. A message is a tag and its content. A refusal is the byte
0 and an error code. It has no tag, because the ends share no key or no version; so it only explains why the connection
ends.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Generator

from game.errors import InvariantBroken
from server.replication.link.encoding import LARGEST_MESSAGE
from wire.authentication import TAG_BYTES, Initiator, NotAuthentic, Responder, Session, version_of
from wire.errors import Busy, Forbidden, ProtocolMismatch, TicTacToeError
from wire.frames import NotAMessage

LINK_PROTOCOL = 1
"""Version of the link: of its frames and of the messages in them. The handshake sends and authenticates it."""
LARGEST_GREETING = 128
"""The most bytes in a frame of the handshake."""
LENGTH = struct.Struct("!I")
_REFUSAL = b"\0"

_REFUSALS: dict[bytes, TicTacToeError] = {
    error.code.encode(): error
    for error in (
        ProtocolMismatch(
            f"the replication server does not support version {LINK_PROTOCOL} of the replica link."
            " Upgrade all servers: replication first, then main, then communication"
        ),
        Forbidden("the replication server does not accept this cluster key"),
        Busy("the replication server has no room for another connection of a main server"),
    )
}

Write = Callable[[bytes], None]
Handshake = Generator[None, bytes, Session]
"""Receives the frames of the other end, and returns the session. It begins with what this end sends first."""


def frame(*parts: bytes) -> bytes:
    """Return a frame with these parts, one after the other."""
    return b"".join((LENGTH.pack(sum(map(len, parts))), *parts))


def refusal(kind: type[TicTacToeError]) -> bytes:
    """Return what explains why a connection ends: ProtocolMismatch, Forbidden or Busy."""
    return frame(_REFUSAL, kind.code.encode())


def initiate(key: bytes, write: Write) -> Handshake:
    """Greet as the main server's end. Also raises the error of a refusal: ProtocolMismatch, Forbidden or Busy."""
    initiator = Initiator(key, LINK_PROTOCOL)
    write(frame(initiator.hello(b"", b"")))
    challenge = yield
    if challenge[:1] == _REFUSAL:
        raise _REFUSALS.get(challenge[1:]) or NotAMessage("an unknown refusal")
    session = initiator.accept(challenge, b"", b"")
    write(frame(initiator.proof(b"", b"")))
    return session


def respond(key: bytes, write: Write) -> Handshake:
    """Greet as the replication server's end."""
    responder = Responder(key, LINK_PROTOCOL)
    hello = yield
    kind: type[TicTacToeError] = Forbidden if version_of(hello) == LINK_PROTOCOL else ProtocolMismatch
    try:
        responder.accept_hello(hello, b"", b"")
        write(frame(responder.challenge(b"", b"")))
        kind = Forbidden
        return responder.accept_proof((yield), b"", b"")
    except NotAuthentic:
        write(refusal(kind))
        raise


class Channel:
    """One end: received bytes become messages, and messages become bytes."""

    def __init__(self, greeting: Callable[[bytes, Write], Handshake], key: bytes, write: Write) -> None:
        """``greeting`` is ``initiate`` or ``respond``. ``write`` sends bytes to the other end."""
        self.handshake_done = False
        """Whether messages can be sent."""
        self.size = 0
        """Bytes that ``next`` has not returned."""
        self._write = write
        self._session: Session | None = None
        self._buffer = bytearray()
        self._handshake = greeting(key, write)
        next(self._handshake)

    def feed(self, data: bytes) -> None:
        """Add received bytes."""
        self._buffer += data
        self.size += len(data)

    @property
    def has_input(self) -> bool:
        """Return whether a part of a frame, or more, has arrived."""
        return self.size > 0

    def next(self) -> bytes | None:
        """Return the next message, or frame of the handshake; None while it is incomplete.

        Raises NotAuthentic, and NotAMessage for a frame that is too large, before its bytes arrive. The connection must
        then end.
        """
        buffer, session = self._buffer, self._session
        if self.size < LENGTH.size:
            return None
        (size,) = LENGTH.unpack_from(buffer)
        most = LARGEST_GREETING if session is None else TAG_BYTES + LARGEST_MESSAGE
        if size > most:
            raise NotAMessage(f"a frame of {size} bytes, where at most {most} are accepted")
        end = LENGTH.size + size
        if self.size < end:
            return None
        content = bytes(buffer[LENGTH.size : end])
        del buffer[:end]
        self.size -= end
        if session is None:
            return content
        message = content[TAG_BYTES:]
        session.verify(content[:TAG_BYTES], b"", message)
        return message

    def greet(self, content: bytes) -> bool:
        """Process a frame of the handshake. Return whether the handshake is complete. Raises as ``next`` does."""
        try:
            self._handshake.send(content)
        except StopIteration as end:
            if end.value is None:
                raise NotAuthentic("a frame after a handshake that failed") from None
            self._session = end.value
            self.handshake_done = True
        return self.handshake_done

    def send(self, message: bytes) -> None:
        """Send a message of at most ``LARGEST_MESSAGE`` bytes."""
        if self._session is None:
            raise InvariantBroken("a message before the end of the handshake")
        self._write(frame(self._session.tag(b"", message), message))
