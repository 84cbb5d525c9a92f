"""The open connections of a listening socket: accepted within the limits, closed when they pass their deadline."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections import deque
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

from wire.connection_limits import ConnectionLimits, ConnectionSlot
from wire.rpc.acceptor import Acceptor
from wire.rpc.connection import Connection
from wire.rpc.turns import Turns

logger = logging.getLogger(__name__)

SWEEP_S = 0.25
"""Seconds between two searches for connections past their deadline."""
MOST_REFUSED = 64
"""The most refused connections kept open, so that their clients can read the reason."""

_PIECE = 4096


class OpenConnections:
    """The open connections of one listening socket."""

    def __init__(
        self,
        limits: ConnectionLimits,
        *,
        connection: Callable[[ConnectionSlot], Connection[Any]],
        refusal: Callable[[], bytes],
    ) -> None:
        """``connection`` makes the connection of a slot. ``refusal`` returns the message for a refused client."""
        self._limits = limits
        self._connection = connection
        self._refusal = refusal
        self.turns = Turns()
        """Shared by all connections."""
        self._acceptor: Acceptor | None = None
        self._open: dict[ConnectionSlot, Connection[Any]] = {}
        """The connections that the loop has, and those that it is going to have."""
        self._connecting: set[asyncio.Task[object]] = set()
        """The tasks that hand connections to the loop. The loop itself keeps no reference to a task."""
        self._refused: deque[socket.socket] = deque()
        """Refused connections, oldest first."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sweeping: asyncio.TimerHandle | None = None

    def begin(self, loop: asyncio.AbstractEventLoop, listening: socket.socket) -> None:
        """Accept connections from now on, and search for those past their deadline."""
        self._loop = loop
        self._acceptor = Acceptor(loop, listening, is_open=self._is_free, admit=self._admit)
        self._sweeping = loop.call_later(SWEEP_S, self._sweep, loop)

    def _is_free(self) -> bool:
        """Return whether a connection can be admitted or refused now."""
        return self._limits.is_open(monotonic())

    def _admit(self, sock: socket.socket, host: str) -> None:
        """Serve an accepted connection, or refuse it."""
        slot, evicted = self._limits.admit(host, monotonic())
        if evicted is not None:
            self._open[evicted].close()
        if slot is None or self._loop is None:
            self._refuse(sock)
            return
        connection = self._open[slot] = self._connection(slot)
        sock.setblocking(False)
        connecting = self._loop.create_task(self._loop.connect_accepted_socket(lambda: connection, sock))
        self._connecting.add(connecting)
        connecting.add_done_callback(partial(self._on_connected, connection, sock))

    def forget(self, connection: Connection[Any]) -> None:
        """Forget a connection that has ended."""
        self._limits.release(connection.slot)
        self._open.pop(connection.slot, None)

    def close(self) -> None:
        """Accept no more connections, and close all at once. The loop must run some more turns."""
        self._loop = None
        acceptor, self._acceptor = self._acceptor, None
        if acceptor is not None:
            acceptor.close()
        if self._sweeping is not None:
            self._sweeping.cancel()
        for connection in self._open.values():
            connection.abort()
        while self._refused:
            self._refused.popleft().close()

    def _on_connected(self, connection: Connection[Any], sock: socket.socket, connecting: asyncio.Task[object]) -> None:
        self._connecting.discard(connecting)
        error = None if connecting.cancelled() else connecting.exception()
        if connecting.cancelled() or error is not None:
            self.forget(connection)
            sock.close()
        if isinstance(error, OSError):
            logger.warning("a connection cannot be served: %s", error.strerror or error)
        elif error is not None:
            raise error

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweeping = loop.call_later(SWEEP_S, self._sweep, loop)
        now = monotonic()
        for connection in self._open.values():
            if connection.is_overdue(now):
                connection.abort()

    def _refuse(self, sock: socket.socket) -> None:
        """Send the reason of a refusal. Close the connection later: an immediate close could lose the unread reason."""
        try:
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sock.recv(_PIECE)
            sock.send(self._refusal())
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            sock.close()
            return
        self._refused.append(sock)
        if len(self._refused) > MOST_REFUSED:
            self._refused.popleft().close()
