"""The handshake of a connection to an endpoint: each message is answered or refused.

Without a key, the handshake is one message with the protocol version. With a key, both ends prove that they have it
(see ``wire.authentication``). All later messages then belong to a session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import Pyro4.errors

from wire import PEER_PROTOCOL, PROTOCOL_VERSION
from wire.authentication import CHALLENGE_BYTES, NotAuthentic, Responder, version_of
from wire.errors import Busy, Forbidden, ProtocolMismatch
from wire.frames import (
    CONNECT_FAIL,
    CONNECT_OK,
    SERPENT,
    WITH_METADATA,
    Frame,
    encode,
    has_library_signature,
    token_of,
)
from wire.message_reader import RejectedMessage
from wire.rpc.connection import Connection, Disconnect, Message
from wire.rpc.proxy import NO_FREE_CONNECTION, REJECTED_PROTOCOL, WRONG_KEY
from wire.rpc.pyro_setup import SERIALIZERS, for_the_wire

WELCOME = "hello"


class Greeter:
    """Answers the handshakes of one endpoint."""

    def __init__(
        self,
        key: bytes | None,
        members_of: Callable[[object], Mapping[str, object]],
        on_refused: Callable[[str], None],
    ) -> None:
        """``members_of`` returns what the library requests about an object.

        ``on_refused`` receives the error code of a refusal.
        """
        self._key = key
        self._members_of = members_of
        self._on_refused = on_refused

    def refusal(self) -> bytes:
        """Return the message for a connection that exceeds the limits."""
        self._on_refused(Busy.code)
        return encode(CONNECT_FAIL, 0, 0, SERPENT, _written(SERPENT, NO_FREE_CONNECTION))

    def greet(self, connection: Connection[Message], message: Message) -> bool:
        """Answer a message of a handshake. Return whether the handshake is complete.

        Raises Disconnect when the handshake was refused. The client has been sent the reason.
        """
        try:
            if isinstance(message, RejectedMessage):
                raise message.error
            return self._take(connection, message)
        except Exception as error:
            wrong_key = isinstance(error, (NotAuthentic, Pyro4.errors.SecurityError))
            self._on_refused(Forbidden.code if wrong_key else for_the_wire(error).code)
            sentence = _written(message.serializer, WRONG_KEY if wrong_key else str(error))
            connection.send(encode(CONNECT_FAIL, 0, message.sequence, message.serializer, sentence))
            raise Disconnect("its handshake was refused") from error

    def _take(self, connection: Connection[Message], message: Frame) -> bool:
        if self._key is None:
            if has_library_signature(message):
                raise Pyro4.errors.SecurityError(WRONG_KEY)
            connection.send(self._welcome(message))
            return True
        token = token_of(message)
        if connection.responder is None:
            if has_library_signature(message) or version_of(token) not in (None, PEER_PROTOCOL):
                raise ProtocolMismatch(
                    f"{REJECTED_PROTOCOL}: servers speak version {PEER_PROTOCOL} to one another here"
                )
            responder = Responder(self._key, PEER_PROTOCOL)
            responder.accept_hello(token, message.header, message.data)
            connection.send(self._welcome(message, responder))
            connection.responder = responder
            return False
        connection.session = connection.responder.accept_proof(token, message.header, message.data)
        connection.responder, connection.prove = None, connection.session.tag
        return True

    def _welcome(self, handshake: Frame, responder: Responder | None = None) -> bytes:
        """Return the message that accepts a handshake, with the responder's challenge. Raises ProtocolMismatch."""
        said = SERIALIZERS[handshake.serializer].loadsCall(handshake.data)
        about = said["handshake"]
        spoken = about.get("protocol", PROTOCOL_VERSION) if isinstance(about, dict) else PROTOCOL_VERSION
        if spoken != PROTOCOL_VERSION:
            raise ProtocolMismatch(f"{REJECTED_PROTOCOL}: this server speaks version {PROTOCOL_VERSION}")
        greeting: object = WELCOME
        if handshake.flags & WITH_METADATA:
            greeting = {"handshake": WELCOME, "meta": self._members_of(said["object"])}
        flags, data = handshake.flags & WITH_METADATA, _written(handshake.serializer, greeting)
        prove = None if responder is None else responder.challenge
        return encode(CONNECT_OK, flags, handshake.sequence, handshake.serializer, data, prove, CHALLENGE_BYTES)


def _written(serializer: int, value: object) -> bytes:
    data: bytes = SERIALIZERS[serializer].dumps(value)
    return data
