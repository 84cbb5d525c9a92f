"""Offering objects on a port."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any, TypeVar

import Pyro4
import Pyro4.errors
import Pyro4.message
import Pyro4.util

import wire.rpc.transport  # noqa: F401  # puts itself in the place of the library's own
from wire import PROTOCOL_VERSION
from wire.door import Door
from wire.errors import ProtocolMismatch, Unreachable
from wire.frames import EXCEPTION, INVOKE, ONEWAY, PING, RESULT, SERPENT, Frame, encode, is_signed
from wire.incoming import LARGEST_CALL, Incoming, RefusedMessage
from wire.later import Later, Shared
from wire.rpc.calls import NO_ROOM, REJECTED_PROTOCOL, UNKNOWN_OBJECT, Address

Method = TypeVar("Method", bound=Callable[..., Any])


def _expose(method: Method) -> Method:
    exposed: Method = Pyro4.expose(method)
    return exposed


class _DaemonObject:
    """What the library itself needs of an endpoint; its own version would list every object to anybody."""

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
        """Answer, and so show that this endpoint takes connections."""


class _Daemon(Pyro4.Daemon):  # type: ignore[misc]  # the library has no types
    """A daemon that checks the protocol's version and lets no traceback, path or foreign exception out."""

    def __init__(self, bind: Address, key: bytes | None, most_of_host: int | None) -> None:
        config = Pyro4.config
        self._largest = config.MAX_MESSAGE_SIZE if key else min(config.MAX_MESSAGE_SIZE, LARGEST_CALL)
        most = config.THREADPOOL_SIZE
        self.door = Door(most=most, most_of_host=most if most_of_host is None else most_of_host)
        super().__init__(host=bind.host, port=bind.port, interface=_DaemonObject)
        self._pyroHmacKey = key

    def incoming(self, sock: socket.socket) -> Incoming:
        """How a connection that was just taken is read."""
        config = Pyro4.config
        return Incoming(sock, largest=self._largest, skipped=config.MAX_MESSAGE_SIZE, idle_s=config.COMMTIMEOUT)

    @property
    def no_room(self) -> bytes:
        """What somebody is told for whom there is no room."""
        message = Pyro4.message
        sentence, _ = Pyro4.util.get_serializer_by_id(SERPENT).serializeData(NO_ROOM)
        told = message.Message(message.MSG_CONNECTFAIL, sentence, SERPENT, 0, 0, hmac_key=self._pyroHmacKey)
        said: bytes = told.to_bytes()
        return said

    def handleRequest(self, conn: Any) -> None:  # noqa: N802  # the library's name
        """Answer the next call on a connection.

        In place of the library's own, which also knows batches, streams, properties and more that is not taken here.
        """
        try:
            call = conn.incoming.frame()
        except RefusedMessage as refused:
            conn.answered()
            conn.send(self._result(refused, None, refused.error))
            return
        conn.answered()
        if not is_signed(call, self._pyroHmacKey):
            raise Pyro4.errors.SecurityError("a message with another signature")
        if call.kind == PING:
            conn.send(encode(PING, 0, call.sequence, call.serializer, b"pong", self._pyroHmacKey))
        elif call.kind != INVOKE:
            raise Pyro4.errors.ProtocolError("neither a call nor a ping")
        else:
            answer = self._carry_out(call)
            if isinstance(answer, Later):
                conn.owed(answer)
            if call.flags & ONEWAY:
                return  # nobody listens
            if isinstance(answer, Later):
                answer.then(lambda value, error: conn.send_soon(self._result(call, value, error)))
            else:
                conn.send(answer)

    def _carry_out(self, call: Frame) -> bytes | Later:
        """The answer, or what will be."""
        try:
            name, method, arguments, fields = Pyro4.util.get_serializer_by_id(call.serializer).loadsCall(call.data)
            remote_object = self.objectsById.get(name)
            if remote_object is None:
                raise Pyro4.errors.DaemonError(UNKNOWN_OBJECT)
            answer = Pyro4.util.getAttribute(remote_object, method)(*arguments, **fields)
        except Exception as error:
            return self._result(call, None, error)
        return answer if isinstance(answer, Later) else self._result(call, answer, None)

    def _result(self, call: Frame | RefusedMessage, value: object, error: Exception | None) -> bytes:
        """The message that answers a call with a value, or with an error; also one that a value cannot be written."""
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
            data, flags = serializer.dumps(error), EXCEPTION
        return encode(RESULT, flags, call.sequence, call.serializer, data, self._pyroHmacKey)

    def validateHandshake(self, conn: object, data: object) -> str:  # noqa: ARG002, N802  # the library's name
        spoken = data.get("protocol", PROTOCOL_VERSION) if isinstance(data, dict) else PROTOCOL_VERSION
        if spoken != PROTOCOL_VERSION:
            raise ProtocolMismatch(f"{REJECTED_PROTOCOL}: this server speaks version {PROTOCOL_VERSION}")
        return "hello"


class Endpoint:
    """A port on which objects are offered; with a key, only callers that have the same key are understood."""

    def __init__(self, bind: Address, *, key: bytes | None = None, most_of_host: int | None = None) -> None:
        """``most_of_host``: how many of the connections one host may have; by default all. Raises Unreachable."""
        try:
            self._daemon = _Daemon(bind, key, most_of_host)
        except OSError as error:
            raise Unreachable(f"cannot listen on {bind}: {error.strerror or error}") from None
        self._moved_at: float | None = None

    @property
    def port(self) -> int:
        """The port in use; the one asked for, or the system's choice if that was 0."""
        return int(self._daemon.locationStr.rpartition(":")[2])

    def offer(self, name: str, remote_object: object) -> None:
        """Make the object callable under that name; an object of that name before it is replaced."""
        self._daemon.objectsById[name] = remote_object

    def withdraw(self, name: str) -> None:
        """Make the object of that name unknown; no error if there is none."""
        self._daemon.objectsById.pop(name, None)

    def serve(self, go_on: Callable[[], bool] = lambda: True) -> None:
        """Take connections until ``go_on()`` is false or ``close`` is called; looked at every ACCEPT_PAUSE_S."""

        def moved() -> bool:
            self._moved_at = time.monotonic()
            return go_on()

        self._daemon.requestLoop(moved)

    @property
    def idle_s(self) -> float:
        """Seconds since the accept loop last came round: far above ACCEPT_PAUSE_S means that it is stuck. None have
        passed before it begins.
        """
        return 0.0 if self._moved_at is None else time.monotonic() - self._moved_at

    def close(self) -> None:
        """Take no connection any more and break those that are open when the process ends."""
        self._daemon.transportServer.shutting_down = True
        self._daemon.close()
