"""The yardstick of an audience: the same bytes to as many sockets, from one loop that does nothing else.

    python -m bench.fan_out       its port in a line; then a task a line of JSON in, its result a line of JSON out

A task is {"version": of the news, "to": number of calls that wait, "bytes": size of the answer}. The server waits until
so many calls wait, and answers all. The result is like that of ``Worker.step``. Its time is that just before the
answers, in seconds of the system's monotonic clock.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import sys
import time

import msgpack

from wire.frames import CONNECT, CONNECT_OK, HEADER, MSGPACK, RESULT, encode, head_of

PIECE = 1 << 16


class FanOut:
    """The server: connections, and those with a call that waits."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
        self._waiting: list[socket.socket] = []

    def serve(self) -> None:
        """Write the port, and carry out tasks until the standard input ends."""
        print(self._listener.getsockname()[1], flush=True)
        while line := self._next_task():
            task: dict[str, int] = json.loads(line)
            while len(self._waiting) < task["to"]:
                self._serve_ready()
            padding = bytes(max(0, task["bytes"] - 24))
            news = encode(RESULT, 0, 1, MSGPACK, msgpack.packb({"version": task["version"], "padding": padding}))
            waiting, self._waiting = self._waiting, []
            began = time.monotonic()
            for sock in waiting:
                sock.sendall(news)
            print(json.dumps({"sent": began, "version": task["version"], "is_move": True}), flush=True)

    def _next_task(self) -> bytes:
        """Serve connections until a task arrives, and return its line; empty when the input has ended."""
        while not self._serve_ready():
            pass
        return os.read(sys.stdin.fileno(), PIECE)

    def _serve_ready(self) -> bool:
        """Serve all connections that are ready. Return whether the standard input is ready."""
        asked = False
        for key, _ in self._selector.select():
            if key.fileobj is self._listener:
                sock, _ = self._listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._selector.register(sock, selectors.EVENT_READ)
            elif isinstance(key.fileobj, socket.socket):
                self._read(key.fileobj)
            else:
                asked = True
        return asked

    def _read(self, sock: socket.socket) -> None:
        """Read messages: each is a handshake, which is answered, or a call, which waits."""
        unread = sock.recv(PIECE)
        if not unread:
            self._selector.unregister(sock)
            sock.close()
        while unread:
            head = head_of(unread[: HEADER.size])
            if head.kind == CONNECT:
                sock.sendall(encode(CONNECT_OK, 0, head.sequence, MSGPACK, msgpack.packb({})))
            else:
                self._waiting.append(sock)
            unread = unread[HEADER.size + head.annotations_size + head.data_size :]


if __name__ == "__main__":
    FanOut().serve()
