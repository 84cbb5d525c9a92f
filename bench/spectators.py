"""A process of spectators of one room, as cheap as they can be: sockets in one loop, answers compared before decoded.

    python -m bench.spectators       a task a line of JSON in, its result a line of JSON out

The client library decodes each answer into a view, which takes longer than the server takes to send it. So a thousand
clients in one process measure mostly themselves. Here equal answers are decoded once.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Sequence

import msgpack

from verify.testbed.task_processes import carry_out
from wire import PROTOCOL_VERSION
from wire.frames import CONNECT, EXCEPTION, INVOKE, MSGPACK, RESULT, Frame, encode
from wire.message_reader import LARGEST_OF_SERVERS, MessageReader

WAIT_S = 20.0
"""How long a call for news stays open, in seconds."""
PATIENCE_S = 60.0
"""Seconds without any answer after which the servers do not work."""
PIECE = 1 << 16


class _Spectator:
    """A connection that waits for news after ``version``."""

    __slots__ = ("_name", "_reader", "_sock", "_token", "version")

    def __init__(self, sock: socket.socket, name: str, token: str, version: int) -> None:
        self._sock = sock
        self._name = name
        self._token = token
        self._reader = MessageReader(largest=LARGEST_OF_SERVERS, skipped=LARGEST_OF_SERVERS)
        self._reader.handshake_done = True  # the answer to it is skipped, like all that is no result
        handshake = msgpack.packb({"handshake": {"protocol": PROTOCOL_VERSION}, "object": name})
        sock.sendall(encode(CONNECT, 0, 0, MSGPACK, handshake))
        self.wait(version)

    def wait(self, version: int) -> None:
        """Call for news after this version, in the form that the client library uses."""
        self.version = version
        call = (self._name, "wait", (self._token, version, WAIT_S), {"form": "checksum"})
        self._sock.sendall(encode(INVOKE, 0, 1, MSGPACK, msgpack.packb(call)))

    def answer(self) -> bytes | None:
        """Read what has arrived, and return the data of an answer when it is complete."""
        piece = self._sock.recv(PIECE)
        if not piece:
            raise ConnectionAbortedError("the server closed a spectator's connection")
        self._reader.feed(piece)
        while (message := self._reader.next()) is not None:
            if isinstance(message, Frame) and message.kind == RESULT:
                if message.flags & EXCEPTION:
                    raise RuntimeError(f"a spectator's call failed: {message.data!r}")
                return message.data
        return None


class Spectators:
    """The tasks. Each is a method; the task's fields are its arguments."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._all: list[_Spectator] = []
        self._version_in: dict[bytes, int] = {}
        """The room's version in the answers that arrived last. Most are equal."""
        self._bytes = 0

    def watch(self, address: Sequence[object], name: str, tokens: Sequence[str], version: int) -> dict[str, object]:
        """Connect a spectator for each token to the object ``name``, and wait there for news after ``version``."""
        for token in tokens:
            sock = socket.create_connection((str(address[0]), int(str(address[1]))), PATIENCE_S)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            spectator = _Spectator(sock, name, token, version)
            self._selector.register(sock, selectors.EVENT_READ, spectator)
            self._all.append(spectator)
        return {"spectators": len(self._all)}

    def until_all_see(self, version: int) -> dict[str, object]:
        """Return when the last spectator had a version, at least this one, and the bytes of the last answer.

        The time is in seconds of the system's monotonic clock.
        """
        behind = sum(one.version < version for one in self._all)
        while behind:
            ready = self._selector.select(PATIENCE_S)
            if not ready:
                raise TimeoutError(f"{behind} of {len(self._all)} spectators wait for version {version}")
            for key, _ in ready:
                spectator: _Spectator = key.data
                before = spectator.version
                if self._take(spectator):
                    behind -= before < version <= spectator.version
        return {"at": time.monotonic(), "bytes": self._bytes}

    def _take(self, spectator: _Spectator) -> bool:
        """Take a spectator's answer, and call for the next. Return whether the answer was complete."""
        data = spectator.answer()
        if data is None:
            return False
        version = self._version_in.get(data)
        if version is None:
            self._version_in.clear()
            version = self._version_in[data] = int(msgpack.unpackb(data)["version"])
            self._bytes = len(data)
        spectator.wait(version)
        return True


if __name__ == "__main__":
    carry_out(Spectators())
