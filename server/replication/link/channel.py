"""Each end of the link as a state machine: the handshake of ``wire.authentication``, then messages with tags. Pure.

    main server          replication server
    hello            →
                     ←   challenge, or a refusal
    proof            →
    message          →
                     ←   message

Each is a frame. A message is a tag and its content. A refusal is the byte 0 and an error code. It has no tag, because
the ends share no key or no version; so it only explains why the connection ends.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from game.errors import InvariantBroken
from server.replication.link.frames import FrameReader, frame
from wire.authentication import TAG_BYTES, Initiator, NotAuthentic, Responder, Session, version_of
from wire.errors import Busy, Forbidden, ProtocolMismatch, TicTacToeError, TooLarge
from wire.message_reader import LARGEST_OF_SERVERS

LINK_PROTOCOL = 1
"""Version of the link: of its frames and of the messages in them. The handshake sends and authenticates it."""
LARGEST_GREETING = 128
"""The most bytes in a frame of the handshake."""
LARGEST_MESSAGE = LARGEST_OF_SERVERS
"""The most bytes in a message, without its tag."""
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


class Channel(ABC):
    """One end: received bytes become messages, and messages become bytes."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        """``write`` sends bytes to the other end."""
        self._write = write
        self._frames = FrameReader(LARGEST_GREETING)
        self._session: Session | None = None
        self.feed = self._frames.feed
        """Adds received bytes."""

    @property
    def is_open(self) -> bool:
        """Whether the handshake is complete and messages can be sent."""
        return self._session is not None

    def next(self) -> bytes | None:
        """Return the next message; None while it is incomplete. Do the steps of the handshake that come before it.

        Raises NotAuthentic, and ConnectionAbortedError for bytes that are no frame of the link. The connection must
        then end.
        """
        while (content := self._frames.next()) is not None:
            if self._session is not None:
                message = content[TAG_BYTES:]
                self._session.verify(content[:TAG_BYTES], b"", message)
                return message
            self._greet(content)
        return None

    def send(self, message: bytes) -> None:
        """Send a message. Raises TooLarge, and then sends nothing."""
        if self._session is None:
            raise InvariantBroken("a message before the end of the handshake")
        if len(message) > LARGEST_MESSAGE:
            raise TooLarge(f"the message has {len(message)} bytes, and servers accept {LARGEST_MESSAGE}")
        self._write(frame(self._session.tag(b"", message), message))

    def _open(self, session: Session) -> None:
        self._session = session
        self._frames.most = TAG_BYTES + LARGEST_MESSAGE

    @abstractmethod
    def _greet(self, token: bytes) -> None:
        """Take a frame of the handshake."""


class InitiatorChannel(Channel):
    """The main server's end."""

    def __init__(self, key: bytes, write: Callable[[bytes], None]) -> None:
        super().__init__(write)
        self._initiator = Initiator(key, LINK_PROTOCOL)

    def begin(self) -> None:
        """Send the first message of the handshake."""
        self._write(frame(self._initiator.hello(b"", b"")))

    def _greet(self, token: bytes) -> None:
        """Take the challenge. Also raises the error of a refusal: ProtocolMismatch, Forbidden or Busy."""
        if token[:1] == _REFUSAL:
            raise _REFUSALS.get(token[1:]) or ConnectionAbortedError("an unknown refusal")
        self._initiator.accept(token, b"", b"")
        self._write(frame(self._initiator.proof(b"", b"")))
        self._open(self._initiator.session)


class ResponderChannel(Channel):
    """The replication server's end."""

    def __init__(self, key: bytes, write: Callable[[bytes], None]) -> None:
        super().__init__(write)
        self._responder = Responder(key, LINK_PROTOCOL)
        self._has_hello = False

    def refuse(self, kind: type[TicTacToeError]) -> None:
        """Send why this connection will be closed: ProtocolMismatch, Forbidden or Busy."""
        self._write(frame(_REFUSAL, kind.code.encode()))

    def _greet(self, token: bytes) -> None:
        try:
            if self._has_hello:
                self._responder.accept_proof(token, b"", b"")
                self._open(self._responder.session)
                return
            self._responder.accept_hello(token, b"", b"")
        except NotAuthentic:
            self.refuse(Forbidden if version_of(token) == LINK_PROTOCOL or self._has_hello else ProtocolMismatch)
            raise
        self._has_hello = True
        self._write(frame(self._responder.challenge(b"", b"")))
