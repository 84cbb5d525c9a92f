"""Carries out the calls to an endpoint: finds the object and the method, calls it, and writes the answer.

It replaces the library's own daemon. That code also handles batches, streams and properties, and spends most of its
time on them. On an endpoint with a key the dispatcher authenticates calls. No traceback, path or foreign exception
leaves the process.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from time import monotonic
from types import GeneratorType
from typing import Any, TypeVar

import Pyro4
import Pyro4.constants
import Pyro4.errors
import Pyro4.util

from wire.authentication import NotAuthentic, Session
from wire.caller import set_calling_host
from wire.errors import InternalError
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
from wire.message_reader import RejectedMessage
from wire.rpc.connection import Connection, Disconnect, Message
from wire.rpc.proxy import UNKNOWN_OBJECT, WRONG_KEY
from wire.rpc.pyro_setup import SERIALIZERS, for_the_wire

Method = TypeVar("Method", bound=Callable[..., Any])
Answered = Callable[[object, str | None, float], None]
"""A callback for each answer. Its first argument is the method as the client sent it; "" if there was none to read.

The second is the error code of the answer, or None. The third is the time from the arrival of the call to its answer,
in seconds."""
Procedure = Generator[Any, Any, Any]
Run = Callable[[Procedure], Later]
"""Runs a procedure that a remote method returned, and returns its answer."""


def _expose(method: Method) -> Method:
    exposed: Method = Pyro4.expose(method)
    return exposed


class _EndpointObject:
    """The object that the library requires on each endpoint.

    The library's own version would list every object to any client.
    """

    def __init__(self, find: Callable[[object], object]) -> None:
        self._find = find

    @_expose
    def get_metadata(self, object_id: object, as_lists: bool = False) -> dict[str, list[str]]:
        metadata: dict[str, list[str]] = Pyro4.util.get_exposed_members(self._find(object_id), as_lists=as_lists)
        return metadata

    @_expose
    def ping(self) -> None:
        """Do nothing. The answer shows that this endpoint takes connections."""


class Dispatcher:
    """Answers the calls to one endpoint."""

    def __init__(self, answered: Answered, run: Run) -> None:
        self.objects: dict[str, object] = {}
        """The remote objects by name."""
        self.make: Callable[[str], object] = lambda _name: None
        """Makes other objects, each for one call; see ``Endpoint.offer_on_demand``."""
        self._answered = answered
        self._exposed: set[tuple[type, object]] = set()
        """The methods that clients may call and have called, with the class of the object."""
        self._run = run
        self._endpoint_object = self.objects[Pyro4.constants.DAEMON_NAME] = _EndpointObject(self._find)

    def members_of(self, object_id: object) -> dict[str, list[str]]:
        """Return what the library requests about an object. Raises an error of the library if there is none."""
        return self._endpoint_object.get_metadata(object_id, as_lists=True)

    def answer(self, connection: Connection[Message], message: Message) -> None:
        """Answer a call, now or later. Raises NotAuthentic or Disconnect when the connection must end."""
        received_at = connection.received_at
        if connection.session is not None:
            self._authenticate(connection.session, message)
        if isinstance(message, RejectedMessage):
            connection.send(self._result(connection, message, "", received_at, None, message.error))
            return
        if message.annotations and connection.session is None and has_library_signature(message):
            raise Disconnect(WRONG_KEY)
        if message.kind != INVOKE:
            if message.kind != PING:
                raise Disconnect("neither a call nor a ping")
            connection.send(encode(PING, 0, message.sequence, message.serializer, b"pong", connection.prove))
            return
        set_calling_host(connection.slot.host)
        answer: Any = None
        error: Exception | None = None
        method: object = ""
        try:
            name, method, arguments, fields = SERIALIZERS[message.serializer].loadsCall(message.data)
            answer = self._method(name, method)(*arguments, **fields)
        except Exception as failure:
            error = failure
        if type(answer) is GeneratorType:
            answer = self._run(answer)
        if isinstance(answer, Later):
            if not answer.settled:
                self._defer(answer, connection, message, method, received_at)
                return
            answer, error = answer.value, answer.error
        if not message.flags & ONEWAY:
            connection.send(self._result(connection, message, method, received_at, answer, error))

    def _defer(
        self, later: Later, connection: Connection[Message], call: Frame, method: object, received_at: float
    ) -> None:
        """Answer a call when ``later`` is settled."""

        def send(value: Any, error: Exception | None) -> None:
            listens = not call.flags & ONEWAY
            connection.send_deferred(
                self._result(connection, call, method, received_at, value, error) if listens else None
            )

        connection.defer(later)
        later.then(send)

    def _authenticate(self, session: Session, message: Message) -> None:
        """Check the message's place in the session.

        The tag of a rejected message cannot be checked, so that message ends the session.
        """
        if isinstance(message, RejectedMessage):
            raise NotAuthentic(message.error.message)
        session.verify(token_of(message), message.header, message.data)

    def _method(self, name: object, method: object) -> Callable[..., Any]:
        """Return the method of a remote object. Raises an error of the library, AttributeError or TypeError."""
        remote_object = self._find(name)
        exposed = type(remote_object), method
        if exposed not in self._exposed:
            Pyro4.util.getAttribute(remote_object, method)
            self._exposed.add(exposed)
        found: Callable[..., Any] = getattr(remote_object, method)  # type: ignore[call-overload]
        return found

    def _find(self, name: object) -> object:
        """Return the remote object of a name, which may be anything that a client sends."""
        if isinstance(name, str):
            found = self.objects.get(name)
            if found is None:
                found = self.make(name)
            if found is not None:
                return found
        raise Pyro4.errors.DaemonError(UNKNOWN_OBJECT)

    def _result(
        self,
        connection: Connection[Message],
        call: Message,
        method: object,
        received_at: float,
        value: object,
        error: Exception | None,
    ) -> bytes:
        """Return the message that answers a call with a value or an error.

        A value that cannot be written becomes an error.
        """
        serializer = SERIALIZERS[call.serializer]
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
        self._answered(method, None if error is None else for_the_wire(error).code, monotonic() - received_at)
        return encode(RESULT, flags, call.sequence, call.serializer, data, connection.prove)


def _written(serializer: Any, error: Exception) -> bytes:
    """Return an error as bytes. If its text cannot be written, return an InternalError."""
    try:
        data: bytes = serializer.dumps(error)
    except (UnicodeError, TypeError, ValueError):
        data = serializer.dumps(InternalError("an error that cannot be written"))
    return data
