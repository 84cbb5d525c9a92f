"""Somebody on the way between a caller and an endpoint: reads all messages, and may change what is passed on."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from wire.frames import HEADER, head_of
from wire.rpc import Address

Change = Callable[[int, bytes], list[bytes]]
"""Takes the number of a message on its connection and way, and the message; gives what is passed on in its place."""

_MAGIC = 0x34E9


def as_it_is(_number: int, message: bytes) -> list[bytes]:
    """Pass a message on."""
    return [message]


class Wire:
    """Passes connections on to an endpoint, and keeps what was said on each."""

    def __init__(self, to: Address) -> None:
        self._to = to
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = [self._listening]
        self.asked: list[list[bytes]] = []
        """The messages of the caller, by connection."""
        self.answered: list[list[bytes]] = []
        self.change_asked: Change = as_it_is
        self.change_answered: Change = as_it_is
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> Address:
        """Where to connect instead of the endpoint."""
        return Address("127.0.0.1", self._listening.getsockname()[1])

    def close(self) -> None:
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self._listening.accept()
                endpoint = socket.create_connection(self._to)
                self._sockets += [caller, endpoint]
                self.asked.append([])
                self.answered.append([])
                asked, answered = self.asked[-1], self.answered[-1]
                for source, sink, kept, change in (
                    (caller, endpoint, asked, self._changed_asked),
                    (endpoint, caller, answered, self._changed_answered),
                ):
                    threading.Thread(target=_pass_on, args=(source, sink, kept, change), daemon=True).start()

    def _changed_asked(self, number: int, message: bytes) -> list[bytes]:
        return self.change_asked(number, message)

    def _changed_answered(self, number: int, message: bytes) -> list[bytes]:
        return self.change_answered(number, message)


def _pass_on(source: socket.socket, sink: socket.socket, kept: list[bytes], change: Change) -> None:
    with contextlib.suppress(OSError):
        for message in messages(source):
            kept.append(message)
            for changed in change(len(kept) - 1, message):
                sink.sendall(changed)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


def messages(source: socket.socket) -> Iterator[bytes]:
    """Every message that comes, until the end."""
    while True:
        header = _exactly(source, HEADER.size)
        if len(header) < HEADER.size:
            return
        head = head_of(header)
        yield header + _exactly(source, head.annotations_size + head.data_size)


def _exactly(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (piece := source.recv(size - len(data))):
        data += piece
    return data


def with_header(message: bytes, **changes: int) -> bytes:
    """The message with another header, which is right in itself."""
    head = head_of(message[: HEADER.size])._replace(**changes)
    sizes = head.data_size + head.annotations_size
    checksum = (head.kind + 48 + sizes + head.serializer + head.flags + head.sequence + _MAGIC) & 0xFFFF
    return (
        HEADER.pack(
            b"PYRO",
            48,
            head.kind,
            head.flags,
            head.sequence,
            head.data_size,
            head.serializer,
            head.annotations_size,
            0,
            checksum,
        )
        + message[HEADER.size :]
    )


@contextmanager
def connected(to: Address) -> Iterator[socket.socket]:
    """A bare connection to an endpoint."""
    with socket.create_connection(to, 60) as sock:
        yield sock


def ends(sock: socket.socket) -> bool:
    """Read all that still comes, until the other side has closed the connection."""
    with contextlib.suppress(ConnectionResetError):
        while sock.recv(1 << 16):
            pass
    return True
