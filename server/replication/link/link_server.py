"""The replication server's end of the replica link: the listening socket and the limits of its connections."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import structlog

from server.replication.link.methods import Methods
from server.replication.link.place import LinkPlace
from server.replication.link.served_connection import ServedConnection
from server.replication.link.transports import begin
from server.runtime.effects import Effects
from wire.errors import Busy
from wire.later import Later

MOST_CONNECTIONS = 8
"""The most authentic connections. A main server has one. When more come, the one that was silent longest is closed."""
MOST_HALF_OPEN = 8
"""The most connections in their handshake. Others are closed at once."""
HANDSHAKE_S = 1.0
"""Seconds for a handshake."""
ACCEPTS_A_TURN = 8
ACCEPT_AGAIN_S = 0.1
"""Seconds until the next attempt when the system refuses a connection, for lack of descriptors."""

logger = structlog.get_logger()


def _not_counted(_method: object, _code: str | None, _took_s: float) -> None:
    """Do nothing: answers are not counted."""


class LinkServer:
    """Accepts connections of main servers and answers their requests. For the thread of its event loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        place: LinkPlace,
        key: bytes,
        service: object,
        *,
        run: Callable[[Effects[Any]], Later],
        answered: Callable[[object, str | None, float], None] = _not_counted,
    ) -> None:
        """``key`` is the key of the link.
        ``service`` has the methods of ``METHODS``; see ``offer``.
        ``run`` runs the procedures that methods return.
        ``answered``: see ``Site``.
        """
        self.run = run
        self.answered = answered
        self.methods = Methods(service)
        self._loop = loop
        self._place = place
        self._key = key
        self._listener: socket.socket | None = None
        self._is_full = False
        """Whether the system had no descriptor for another connection."""
        self._half_open: dict[ServedConnection, asyncio.TimerHandle] = {}
        self._authentic: set[ServedConnection] = set()
        # The tasks that begin connections; ``asyncio`` itself keeps only weak references.
        self._beginning: set[asyncio.Task[None]] = set()

    def offer(self, service: object) -> None:
        """Answer the next requests by this object."""
        self.methods = Methods(service)

    def listen(self) -> None:
        """Begin to accept connections. Raises StorageFailed; then a later attempt can succeed."""
        self._listener = self._place.listen()
        self._loop.add_reader(self._listener, self._accept)

    @property
    def connections(self) -> int:
        """Return the number of open connections."""
        return len(self._half_open) + len(self._authentic)

    def close(self) -> None:
        """Accept no more connections and close the open ones."""
        listener, self._listener = self._listener, None
        if listener is not None:
            self._loop.remove_reader(listener)
            listener.close()
        for connection in (*self._half_open, *self._authentic):
            connection.end()

    # -- connections ------------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        listener = self._listener
        for _ in range(ACCEPTS_A_TURN):
            if listener is None:
                return
            try:
                sock, _ = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                logger.warning("connection on the replica link not accepted", why=error.strerror or str(error))
                self._loop.remove_reader(listener)
                self._loop.call_later(ACCEPT_AGAIN_S, self._accept_again)
                return
            self._begin(sock)

    def _accept_again(self) -> None:
        if self._listener is not None:
            self._loop.add_reader(self._listener, self._accept)

    def _begin(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        if len(self._half_open) >= MOST_HALF_OPEN:
            self.answered("", Busy.code, 0.0)
            sock.close()
            return
        connection = ServedConnection(self, self._loop, self._key)
        self._half_open[connection] = self._loop.call_later(HANDSHAKE_S, self._on_late, connection)
        task = begin(self._loop, self._attach(sock, connection))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    async def _attach(self, sock: socket.socket, connection: ServedConnection) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: connection, sock)
        except OSError as error:  # the other end has closed it already
            logger.debug("connection on the replica link ends", why=str(error))
            sock.close()
            self.on_ended(connection)

    def _on_late(self, connection: ServedConnection) -> None:
        """Close a connection whose handshake takes too long."""
        connection.end()
        self.on_ended(connection)

    def on_authentic(self, connection: ServedConnection) -> None:
        """Count a connection whose handshake is complete; close the one that was silent longest if there are many."""
        self._half_open.pop(connection).cancel()
        if len(self._authentic) >= MOST_CONNECTIONS:
            oldest = min(self._authentic, key=lambda one: one.received_at)
            self._authentic.discard(oldest)
            oldest.end()
        self._authentic.add(connection)

    def on_ended(self, connection: ServedConnection) -> None:
        """Count the end of a connection."""
        timer = self._half_open.pop(connection, None)
        if timer is not None:
            timer.cancel()
        self._authentic.discard(connection)
