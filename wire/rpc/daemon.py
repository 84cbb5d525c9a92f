"""The daemon of an endpoint: it answers the calls of each connection. ``greeter`` answers the handshake.

It replaces the library's own code. That code also handles batches, streams and properties, and spends most of its time
on them. On an endpoint with a key the daemon authenticates calls. No traceback, path or foreign
exception leaves the process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import Pyro4
import Pyro4.constants
import Pyro4.errors
import Pyro4.util

import wire.rpc.transport  # noqa: F401  # replaces the library's own transport
from wire.addresses import Address
from wire.authentication import NotAuthentic
from wire.caller import set_calling_host
from wire.connection_limits import ConnectionLimits
from wire.errors import Forbidden, InternalError
from wire.frames import (
    EXCEPTION,
    INVOKE,
    ONEWAY,
    PING,
    RESULT,
    Frame,
    encode,
    has_library_signature,
    token_of,
)
from wire.later import Later, Shared
from wire.message_reader import LARGEST_CALL, LARGEST_OF_SERVERS, MessageReader, RejectedMessage
from wire.rpc.connection import Connection
from wire.rpc.greeter import Greeter
from wire.rpc.proxy import UNKNOWN_OBJECT, WRONG_KEY
from wire.rpc.pyro_setup import for_the_wire

Method = TypeVar("Method", bound=Callable[..., Any])
Answered = Callable[[object, str | None, float], None]
"""A callback for each answer. Its first argument is the method as the client sent it; "" if there was none to read.

The second is the error code of the answer, or None. The third is the time from the arrival of the call to its answer,
in seconds."""


def _expose(method: Method) -> Method:
    exposed: Method = Pyro4.expose(method)
    return exposed


class _DaemonObject:
    """The object that the library requires on each endpoint.

    The library's own version would list every object to any client.
    """

    def __init__(self, daemon: Pyro4.Daemon) -> None:
        self._daemon = daemon

    @_expose
    def get_metadata(self, object_id: object, as_lists: bool = False) -> dict[str, list[str]]:
        found = self._daemon.objectsById.get(object_id) if isinstance(object_id, str) else None
        if found is None:
            raise Pyro4.errors.DaemonError(UNKNOWN_OBJECT)
        metadata: dict[str, list[str]] = Pyro4.util.get_exposed_members(found, as_lists=as_lists)
        return metadata

    @_expose
    def ping(self) -> None:
        """Do nothing. The answer shows that this endpoint takes connections."""


class Daemon(Pyro4.Daemon):  # type: ignore[misc]  # the library has no types
    """Answers the calls to one endpoint."""

    def __init__(
        self, bind: Address, key: bytes | None, most_of_host: int | None, answered: Answered | None = None
    ) -> None:
        config = Pyro4.config
        self._answered: Answered = answered or _nobody_counts
        largest = config.MAX_MESSAGE_SIZE
        self._largest = max(largest, LARGEST_OF_SERVERS) if key else min(largest, LARGEST_CALL)
        most = config.THREADPOOL_SIZE
        self.limits = ConnectionLimits(most=most, most_of_host=most if most_of_host is None else most_of_host)
        super().__init__(host=bind.host, port=bind.port, interface=_DaemonObject)
        self.greeter = Greeter(key, self._members_of, lambda code: self._answered("", code, 0.0))

    def incoming(self) -> MessageReader:
        """Return a reader for the messages of a new connection."""
        return MessageReader(largest=self._largest, skipped=Pyro4.config.MAX_MESSAGE_SIZE)

    def _members_of(self, object_id: object) -> dict[str, object]:
        members: dict[str, object] = self.objectsById[Pyro4.constants.DAEMON_NAME].get_metadata(
            object_id, as_lists=True
        )
        return members

    def answer(self, connection: Connection, message: Frame | RejectedMessage) -> None:
        """Answer a call, now or later.

        Raises NotAuthentic, SecurityError or ProtocolError when the connection must end.
        """
        received_at = connection.received_at
        self._authenticate(connection, message)
        if isinstance(message, RejectedMessage):
            connection.send(self._result(connection, message, "", received_at, None, message.error))
            return
        if message.kind == PING:
            connection.send(encode(PING, 0, message.sequence, message.serializer, b"pong", connection.prove))
            return
        if message.kind != INVOKE:
            raise Pyro4.errors.ProtocolError("neither a call nor a ping")
        set_calling_host(connection.slot.host)
        method, answer, error = self._carry_out(message)
        listens = not message.flags & ONEWAY
        if isinstance(answer, Later):
            connection.defer(answer)
            answer.then(
                lambda value, error: connection.send_deferred(
                    self._result(connection, message, method, received_at, value, error) if listens else None
                )
            )
        elif listens:
            connection.send(self._result(connection, message, method, received_at, answer, error))

    def _authenticate(self, connection: Connection, message: Frame | RejectedMessage) -> None:
        """Check the message's place in the session.

        The tag of a rejected message cannot be checked, so that message ends the session.
        """
        session = connection.session
        try:
            if session is None:
                if isinstance(message, Frame) and has_library_signature(message):
                    raise Pyro4.errors.SecurityError(WRONG_KEY)
            elif isinstance(message, RejectedMessage):
                raise NotAuthentic(message.error.message)
            else:
                session.verify(token_of(message), message.header, message.data)
        except NotAuthentic:
            self._answered("", Forbidden.code, 0.0)
            raise

    def _carry_out(self, call: Frame) -> tuple[object, Any, Exception | None]:
        """Execute a call. Return the method, the answer (or a ``Later``), and the error in place of the answer."""
        method: object = ""
        try:
            name, method, arguments, fields = Pyro4.util.get_serializer_by_id(call.serializer).loadsCall(call.data)
            remote_object = self.objectsById.get(name)
            if remote_object is None:
                raise Pyro4.errors.DaemonError(UNKNOWN_OBJECT)
            return method, Pyro4.util.getAttribute(remote_object, method)(*arguments, **fields), None
        except Exception as error:
            return method, None, error

    def _result(
        self,
        connection: Connection,
        call: Frame | RejectedMessage,
        method: object,
        received_at: float,
        value: object,
        error: Exception | None,
    ) -> bytes:
        """Return the message that answers a call with a value or an error.

        A value that cannot be written becomes an error.
        """
        serializer = Pyro4.util.get_serializer_by_id(call.serializer)
        data, flags = b"", 0
        if error is None:
            try:
                if isinstance(value, Shared):
                    data = value.written(call.serializer, serializer.dumps)
                else:
                    data = serializer.dumps(value)
            except Exception as failure:
                error = failure
        if error is not None:
            data, flags = _written(serializer, error), EXCEPTION
        self._answered(method, None if error is None else for_the_wire(error).code, time.monotonic() - received_at)
        return encode(RESULT, flags, call.sequence, call.serializer, data, connection.prove)


def _nobody_counts(_method: object, _code: str | None, _took_s: float) -> None:
    """Do nothing: the endpoint has no callback for answers."""


def _written(serializer: Any, error: Exception) -> bytes:
    """Return an error as bytes. If its text cannot be written, return an InternalError."""
    try:
        data: bytes = serializer.dumps(error)
    except (UnicodeError, TypeError, ValueError):
        data = serializer.dumps(InternalError("an error that cannot be written"))
    return data
