"""Accepts and serves all connections of an endpoint with a few threads, within limits. No thread waits for a client.

It replaces the library's own transport, which has a thread for each connection. That transport also reads the handshake
of a connection to be refused in the accepting thread, so a silent client blocks it.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import Pyro4
import Pyro4.errors
from Pyro4.socketserver import threadpoolserver as library_server

from wire.addresses import Address, counted_host, listen
from wire.authentication import NotAuthentic
from wire.later import Later
from wire.rpc.connection import Connection
from wire.rpc.pyro_setup import ACCEPT_PAUSE_S
from wire.rpc.workers import KEPT, Work, Workers

logger = logging.getLogger(__name__)

ACCEPT_AGAIN_S = 0.005
"""Pause in seconds before the next accept while the limits are reached."""
LOOK_AGAIN_S = 0.05
"""Seconds between two checks that there is a leader."""
AT_ONCE = 16
"""The most connections accepted before other work."""
MESSAGES_AT_ONCE = 4
"""The most messages of one connection answered before other connections."""
BACKLOG = 1024
"""The length of the listen queue."""
MOST_REFUSED = 64
"""The most refused connections kept open, so that their clients can read the reason."""
SWEEP_S = 0.25
"""Seconds between two searches for connections past their deadline."""

_PIECE = 4096
# Selectors of these kinds notice a registration during a wait; any other kind must be woken.
_LIVE = tuple(
    kind for name in ("EpollSelector", "KqueueSelector") if (kind := getattr(selectors, name, None)) is not None
)


class Transport:
    """The transport of the library's daemon, with only the methods that the daemon uses."""

    def __init__(self) -> None:
        self.shutting_down = False
        self.polled_at: float | None = None
        """When connections were last polled, by the monotonic clock."""
        self._lock = threading.Lock()
        """Protects changes of ``_connections``, of their selector registrations, and of their ``served`` and
        ``unregistered``."""
        self._selector = selectors.DefaultSelector()
        self._connections: set[Connection] = set()
        self._refused: deque[socket.socket] = deque()
        """Refused connections, oldest first."""
        self._ready: deque[Connection] = deque()
        """Connections to serve as soon as possible: their next message may have arrived already."""
        self._wake, self._woken = socket.socketpair()
        self._swept_at = 0.0
        """When connections past their deadline were last searched for."""
        self._accepts_at: float | None = None
        """When accepting starts again; None while it is on."""

    def init(self, daemon: Any, host: str, port: int, unixsocket: object = None) -> None:  # noqa: ARG002
        """Listen. Raises OSError."""
        self.daemon = daemon
        self.sock = listen(Address(host, port), backlog=BACKLOG)  # after a takeover all clients come at once
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted connections inherit it
        self.locationStr = str(Address(host, self.sock.getsockname()[1]))  # the library's name
        for sock in (self._wake, self._woken):
            sock.setblocking(False)
        self._selector.register(self.sock, selectors.EVENT_READ, self._accept)
        self._selector.register(self._woken, selectors.EVENT_READ, self._queue_ready)
        self._workers = Workers(self._poll, most=Pyro4.config.THREADPOOL_SIZE + KEPT)

    def loop(self, loopCondition: Callable[[], bool] = lambda: True) -> None:  # noqa: N803  # the library's name
        """Serve until the condition is false."""
        self._workers.begin()
        while not self.shutting_down and loopCondition():
            time.sleep(LOOK_AGAIN_S)
            self._workers.watch(time.monotonic())
        self.close()

    def close(self) -> None:
        """Accept no more connections and close the open ones."""
        self.shutting_down = True
        self._workers.end()
        self.sock.close()
        for connection in list(self._connections):
            self._drop_unless_served(connection)
        self._wake_leader()

    shutdown = close

    # -- waiting for work -----------------------------------------------------------------------------------------

    def _poll(self, queue: deque[Work], wait: bool) -> None:
        """Queue the work that the connections have now. Only the leader calls this.

        ``wait``: if there is none, wait for it, for SWEEP_S seconds at most.
        """
        now = self.polled_at = time.monotonic()
        if self._accepts_at is not None and now >= self._accepts_at:
            self._accepts_at = None
            self._selector.register(self.sock, selectors.EVENT_READ, self._accept)
        if now - self._swept_at >= SWEEP_S:
            self._swept_at = now
            self._drop_overdue(now)
        limit_s = ACCEPT_AGAIN_S if self._accepts_at is not None else SWEEP_S
        try:
            found = self._selector.select(limit_s if wait else 0.0)
        except OSError:
            return  # a connection was closed meanwhile; some systems report that
        for key, events in found:
            if isinstance(key.data, Connection):
                self._on_event(key.data, events, queue)
            else:
                key.data(queue)

    def _on_event(self, connection: Connection, events: int, queue: deque[Work]) -> None:
        """Handle a selector event: read input, and queue the connection for service unless another thread serves it."""
        with self._lock:
            if connection.served:  # by another thread, which registers it again when it is done
                connection.unregistered = True
                self._unregister(connection)
                return
            connection.served = True
        if events & selectors.EVENT_READ:
            connection.receive()  # now: else the next poll would find it again
        queue.append(lambda: self._serve(connection))

    def _queue_ready(self, queue: deque[Work]) -> None:
        """Queue the connections in ``_ready`` for service."""
        with contextlib.suppress(OSError):
            while self._woken.recv(_PIECE):
                pass
        while self._ready:
            connection = self._ready.popleft()
            queue.append(lambda connection=connection: self._serve(connection))  # type: ignore[misc]

    def _wake_leader(self) -> None:
        with contextlib.suppress(OSError):  # the pipe is full, so a thread wakes up anyway
            self._wake.send(b"x")

    def _drop_overdue(self, now: float) -> None:
        for connection in list(self._connections):
            if connection.is_overdue(now):
                self._drop_unless_served(connection)

    def _drop_unless_served(self, connection: Connection) -> None:
        with self._lock:
            served, connection.served = connection.served, True
        if not served:
            self._drop(connection)

    # -- serving --------------------------------------------------------------------------------------------------

    def _serve(self, connection: Connection) -> None:
        """Answer the connection's input, as far as that is possible now."""
        try:
            self._after_answers(connection, self._answer(connection))
        except NotAuthentic as error:
            logger.warning("a message of %s is not authentic, its connection ends: %s", connection.slot.host, error)
            self._drop(connection)
        except (OSError, Pyro4.errors.CommunicationError, Pyro4.errors.SecurityError) as error:
            logger.debug("a connection ends: %s", error)
            self._drop(connection)
        except BaseException:
            self._drop(connection)
            raise

    def _after_answers(self, connection: Connection, awaited: Later | bool) -> None:
        """Decide what happens to the connection next.

        ``awaited``: a ``Later`` if an answer is still owed; True if another message may be here already; else False.
        """
        if connection.ended or self.shutting_down:
            self._drop(connection)
        elif awaited is True:
            self._make_ready(connection)
        elif isinstance(awaited, Later) and connection.incoming.has_input:
            with self._lock:
                if not connection.unregistered:
                    connection.unregistered = True
                    self._unregister(connection)
            awaited.then(lambda _value, _error: self._make_ready(connection))
        else:
            self._release(connection)

    def _answer(self, connection: Connection) -> Later | bool:
        """Answer some messages.

        Return the argument ``awaited`` of ``_after_answers``. Raises OSError when the connection ends.
        """
        for _ in range(MESSAGES_AT_ONCE):
            if connection.ended:
                return False
            deferred = connection.deferred
            if deferred is not None:
                return deferred
            if connection.unsent:
                connection.send_rest()
                if connection.unsent:
                    return False
            message = connection.incoming.next()
            if message is None:
                return False
            connection.message_received()
            if connection.incoming.handshake_done:
                self.daemon.answer(connection, message)
            elif self.daemon.greeter.greet(connection, message):
                self.daemon.limits.handshake_done(connection.slot)
                connection.handshake_done(time.monotonic())
        return connection.deferred or connection.incoming.has_input

    def _make_ready(self, connection: Connection) -> None:
        self._ready.append(connection)
        self._wake_leader()

    def _release(self, connection: Connection) -> None:
        """Poll the connection again: for input, or until the rest of an answer can be sent."""
        connection.set_deadline(time.monotonic())
        with self._lock:
            self._register(connection)
            connection.served = connection.unregistered = False

    def _on_unsent(self, connection: Connection) -> None:
        """Poll until the rest of a deferred answer can be sent. A thread that serves the connection does so itself."""
        with self._lock:
            if not connection.served:
                self._register(connection)

    def _register(self, connection: Connection) -> None:
        """Register the connection for the events that it needs. The caller holds the lock."""
        wanted = selectors.EVENT_WRITE if connection.unsent else selectors.EVENT_READ
        if connection not in self._connections:
            return
        if connection.unregistered:
            self._selector.register(connection.sock, wanted, connection)
        elif wanted != connection.registered_events:
            self._selector.modify(connection.sock, wanted, connection)
        else:
            return
        connection.registered_events = wanted
        if not isinstance(self._selector, _LIVE):
            self._wake_leader()

    def _unregister(self, connection: Connection) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection.sock)

    def _drop(self, connection: Connection) -> None:
        """Close the connection and forget it. Only the thread that serves it may call this."""
        with self._lock:
            self._connections.discard(connection)
            self._unregister(connection)
        connection.close()
        self.daemon.limits.release(connection.slot)

    # -- accepting ------------------------------------------------------------------------------------------------

    def _accept(self, _queue: deque[Work]) -> None:
        for _ in range(AT_ONCE):
            if not self.daemon.limits.is_open(time.monotonic()):
                self._pause_accepting(ACCEPT_AGAIN_S)
                return
            try:
                sock, address = self.sock.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if not self.shutting_down:
                    logger.warning("a connection cannot be accepted: %s", error.strerror or error)
                    self._pause_accepting(ACCEPT_PAUSE_S)
                return
            self._admit(sock, counted_host(str(address[0])))

    def _pause_accepting(self, seconds: float) -> None:
        """Stop accepting for this many seconds. New connections wait in the listen queue."""
        self._selector.unregister(self.sock)
        self._accepts_at = time.monotonic() + seconds

    def _admit(self, sock: socket.socket, host: str) -> None:
        slot, evicted = self.daemon.limits.admit(sock, host, time.monotonic())
        if evicted is not None:
            with contextlib.suppress(OSError):
                evicted.connection.shutdown(socket.SHUT_RDWR)  # the next poll finds that it has ended
        if slot is None or self.shutting_down:
            self._refuse(sock)
            return
        connection = Connection(
            slot, self.daemon.incoming(), idle_s=Pyro4.config.COMMTIMEOUT, on_unsent=self._on_unsent
        )
        with self._lock:
            self._connections.add(connection)
            connection.registered_events = selectors.EVENT_READ
            self._selector.register(sock, selectors.EVENT_READ, connection)

    def _refuse(self, sock: socket.socket) -> None:
        """Send the reason of a refusal. Close the connection later: an immediate close could lose the unread reason."""
        try:
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sock.recv(_PIECE)
            sock.send(self.daemon.greeter.refusal())
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            sock.close()
            return
        self._refused.append(sock)
        if len(self._refused) > MOST_REFUSED:
            self._refused.popleft().close()


library_server.SocketServer_Threadpool = Transport
