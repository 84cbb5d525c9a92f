"""A caller that speaks to servers without the client library: any bytes, any arguments, by name or by place."""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import Any, NamedTuple

import msgpack
import serpent

from verify.fuzz.wire_inputs import INVOKE, MSGPACK, SERPENT, handshake, message
from wire.rpc import Address

HEADER = struct.Struct("!4sHHHHiHHHH")
_EXCEPTION = 1


class Answer(NamedTuple):
    """What came back: ``code`` is None without an error; ``raw`` is all of it."""

    code: str | None
    value: Any
    raw: bytes


class RawCaller:
    """One connection, made anew after a break."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._socket: socket.socket | None = None
        self._object = ""

    def call(self, name: str, method: object, given: object, fields: object, *, serializer: int = MSGPACK) -> Answer:
        """Call; what msgpack cannot say is said in serpent."""
        call = (name, method, given, fields)
        data = None
        if serializer == MSGPACK:
            with contextlib.suppress(ValueError, TypeError, OverflowError):
                data = msgpack.packb(call)
        if data is None:
            serializer, data = SERPENT, serpent.dumps(call)
        return self.send(name, message(INVOKE, data, serializer=serializer))

    def send(self, name: str, data: bytes) -> Answer:
        """Send a message after a good handshake with an object; OSError if the server breaks the connection."""
        connection = self._connected(name)
        try:
            connection.sendall(data)
            return self._answer(connection)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _connected(self, name: str) -> socket.socket:
        if self._socket is None or self._object != name:
            self.close()
            self._socket, self._object = socket.create_connection(self._address, 10), name
            self._socket.sendall(handshake(name))
            self._answer(self._socket)
        return self._socket

    def _answer(self, connection: socket.socket) -> Answer:
        header = _exactly(connection, HEADER.size)
        _, _, _, flags, _, size, serializer, annotations, _, _ = HEADER.unpack(header)
        _exactly(connection, annotations)
        raw = _exactly(connection, size)
        value = serpent.loads(raw) if serializer == SERPENT else msgpack.unpackb(raw, strict_map_key=False)
        return Answer(value["attributes"]["code"] if flags & _EXCEPTION else None, value, raw)


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise ConnectionAbortedError("closed by the server")
        data += piece
    return data
