"""How connections come in and are served: a thread each, with limits, and never a wait in the one that takes them."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections import deque
from typing import Any

import Pyro4.errors
import Pyro4.socketutil
from Pyro4.socketserver import threadpoolserver as library_server

from wire.door import NEW_S, Guest
from wire.incoming import Incoming
from wire.later import Later
from wire.rpc.library import ACCEPT_PAUSE_S
from wire.rpc.threads import Threads

logger = logging.getLogger(__name__)

ACCEPT_AGAIN_S = 0.005
BACKLOG = 1024
MOST_LEAVING = 64
"""How many of those that were turned away are kept open, so that they can read why."""

_PIECE = 4096
THREADS = Threads()
"""Of all endpoints of this process."""


class _Connection(Pyro4.socketutil.SocketConnection):  # type: ignore[misc]  # the library has no types
    """A caller's connection as the library knows it, read and written with the limits of ``incoming``."""

    def __init__(self, sock: socket.socket, incoming: Incoming) -> None:
        super().__init__(sock)
        self.incoming = incoming
        self._sending = threading.Lock()
        self._at_once = socket.socket(sock.family, sock.type, sock.proto, fileno=sock.fileno())
        """The same connection, for those that must not wait."""
        self._at_once.settimeout(0)
        self._closed = False
        self._owed: Later | None = None
        incoming.owes = self._owes

    def owed(self, later: Later) -> None:
        """The answer to the call that came last is going to be settled."""
        self._owed = later

    def _owes(self) -> bool:
        return self._owed is not None and not self._owed.settled

    def answered(self) -> None:
        """The next call came: it has to wait until the one before is answered, if its caller did not wait for that."""
        if self._owed is not None:
            self._owed.wait_settled()
            self._owed = None

    def send_soon(self, data: bytes) -> None:
        """Send an answer from another thread than the connection's own, and do not wait for who reads it.

        Such answers are small, and whoever waits for one has nothing else to read: who does not take it is cut off, as
        if the connection had broken.
        """
        with self._sending:
            if self._closed:
                return
            try:
                if self._at_once.send(data) == len(data):
                    return
            except OSError:
                pass
            with contextlib.suppress(OSError):
                self._at_once.shutdown(socket.SHUT_RDWR)

    def let_go(self) -> None:
        """Leave the socket open when this is gone."""
        self.keep_open = True
        self._at_once.detach()

    def close(self) -> None:
        with self._sending:
            if not self._closed and not self.keep_open:
                self._closed = True
                self._at_once.detach()
        if self._owed is not None:
            self._owed.abandon()
        super().close()

    def recv(self, size: int) -> bytes:
        try:
            return self.incoming.read(size)
        except OSError as error:
            raise Pyro4.errors.ConnectionClosedError(f"receiving: {error}") from None

    def send(self, data: bytes) -> None:
        try:
            self.incoming.write(data)
        except OSError as error:
            raise Pyro4.errors.ConnectionClosedError(f"sending: {error}") from None


class _Visit(library_server.ClientConnectionJob):  # type: ignore[misc]  # the library has no types
    """All that happens on one connection, from handshake to end, in a thread of its own."""

    def __init__(self, sock: socket.socket, guest: Guest, daemon: Any) -> None:
        self.csock = _Connection(sock, daemon.incoming(sock))
        self.caddr = guest.host
        self.daemon = daemon
        self.guest = guest

    def __call__(self) -> None:
        try:
            super().__call__()
        finally:
            self.daemon.door.left(self.guest)

    def handleConnection(self) -> bool:  # noqa: N802  # the library's name
        shaken: bool = super().handleConnection()
        if shaken:
            self.daemon.door.shaken(self.guest)
            self.daemon.transportServer.shaken.set()
            self.csock.incoming.shaken()
        return shaken


class _Transport(library_server.SocketServer_Threadpool):  # type: ignore[misc]  # the library has no types
    """Takes connections. Nothing here ever waits for a caller, nor ends for want of threads or descriptors.

    The library's own would read the handshake of whom it has to turn away in the thread that takes connections, for as
    long as that says nothing, and end the server if it was gone by then.
    """

    def init(self, daemon: Any, host: str, port: int, unixsocket: object = None) -> None:
        super().init(daemon, host, port, unixsocket)
        self.sock.settimeout(0)
        self.sock.listen(BACKLOG)  # after a takeover all clients come at once
        self._leaving: deque[socket.socket] = deque()
        self.shaken = threading.Event()
        """Set when somebody is through the handshake."""

    def events(self, eventsockets: object) -> None:  # noqa: ARG002  # the library's signature
        if not self._selector.select(ACCEPT_PAUSE_S):
            return
        if not self.daemon.door.is_open(time.monotonic()):
            time.sleep(ACCEPT_AGAIN_S)
            return
        self.shaken.clear()
        if self.daemon.door.is_crowded(time.monotonic()):
            self.shaken.wait(NEW_S)
            return
        try:
            sock, address = self.sock.accept()
        except BlockingIOError:
            return  # it is gone again
        except OSError as error:
            logger.warning("a connection cannot be taken: %s", error.strerror or error)
            time.sleep(ACCEPT_PAUSE_S)
            return
        if self.shutting_down:
            sock.close()
            return
        self._let_in(sock, str(address[0]))

    def _let_in(self, sock: socket.socket, host: str) -> None:
        guest, goes = self.daemon.door.enter(sock, host, time.monotonic())
        if goes is not None:
            with contextlib.suppress(OSError):
                goes.connection.shutdown(socket.SHUT_RDWR)  # its thread closes it
        if guest is not None:
            visit = _Visit(sock, guest, self.daemon)
            try:
                THREADS.do(visit)
            except RuntimeError:  # there are no more threads to be had
                self.daemon.door.left(guest)
                visit.csock.let_go()  # the socket is still needed
            else:
                return
        self._turn_away(sock)

    def _turn_away(self, sock: socket.socket) -> None:
        """Say that there is no room. It is closed later: at once would break it before the other side has read that."""
        try:
            sock.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                sock.recv(_PIECE)
            sock.send(self.daemon.no_room)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            sock.close()
            return
        self._leaving.append(sock)
        if len(self._leaving) > MOST_LEAVING:
            self._leaving.popleft().close()


library_server.SocketServer_Threadpool = _Transport
