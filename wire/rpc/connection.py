"""The server's end of a client connection: its input, its unsent output and its deadline.

Nothing here blocks. Reads and writes transfer only what the socket takes at once. One thread at a time serves a
connection; ``transport`` guarantees that. A deferred answer is sent by the thread that completes it.

Until its handshake is complete, a connection has HANDSHAKE_S seconds. After that, a message may take MESSAGE_S seconds
from its first byte to its last. The same limit holds for the client's reading of an answer.
"""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from collections.abc import Callable

from wire.authentication import Responder, Session
from wire.connection_limits import ConnectionSlot
from wire.frames import Prove
from wire.later import Later
from wire.message_reader import MessageReader

HANDSHAKE_S = 5.0
"""Seconds for the whole handshake."""
MESSAGE_S = 20.0
"""Seconds for one message, from its first byte to its last."""
_PIECE = 1 << 16


class Connection:
    """A client's connection at the server."""

    def __init__(
        self, slot: ConnectionSlot, incoming: MessageReader, *, idle_s: float, on_unsent: Callable[[Connection], None]
    ) -> None:
        """``idle_s``: seconds that the connection may be idle between two calls.

        ``on_unsent`` is called when another thread's answer could not be sent whole.
        """
        self.sock: socket.socket = slot.connection
        self.sock.setblocking(False)
        self.slot = slot
        self.incoming = incoming
        self.responder: Responder | None = None
        """The server's state of the handshake, at an endpoint with a key. ``greeter`` sets this field and the next."""
        self.session: Session | None = None
        """The session of the messages after the handshake. The server sends the answer to a call before it reads the
        next call. So answers leave in the order of their tags."""
        self.served = False
        """Whether a thread serves this connection now. ``transport`` sets this field and the next two."""
        self.unregistered = False
        """Whether the selector does not poll the connection now: there is input that cannot be answered yet, because a
        thread serves the connection or an answer is deferred."""
        self.registered_events = 0
        """The selector events that ``transport`` waits for on this connection."""
        self.received_at = slot.since
        """When the last input came, by the monotonic clock."""
        self.ended = False
        """Whether the client closed the connection, or it broke."""
        self._idle_s = idle_s
        self._on_unsent = on_unsent
        self._sending = threading.Lock()
        """Protects ``_unsent``, ``_closed`` and every write to the socket."""
        self._unsent = b""
        self._closed = False
        self._deferred: Later | None = None
        """The deferred answer to the last call, until it is sent."""
        self._in_message = True
        """Whether a handshake or message is under way. Its deadline then stays the same."""
        self._deadline = slot.since + min(HANDSHAKE_S, idle_s)
        """The deadline, by the monotonic clock; infinite while an answer is deferred."""

    @property
    def prove(self) -> Prove | None:
        """Return the function that makes the token of the next answer; None if answers have no token."""
        return None if self.session is None else self.session.tag

    # -- reading --------------------------------------------------------------------------------------------------

    def receive(self) -> None:
        """Read available input, at most ``_PIECE`` bytes. Sets ``ended`` at the end of the input or on an error."""
        try:
            data = self.sock.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.received_at = time.monotonic()
            self.incoming.feed(data)
        else:
            self.ended = True

    # -- sending --------------------------------------------------------------------------------------------------

    @property
    def unsent(self) -> bool:
        """Return whether a part of an answer is not sent yet."""
        return bool(self._unsent)

    def send(self, data: bytes) -> None:
        """Send an answer. ``send_rest`` sends later what the socket does not take now."""
        with self._sending:
            self._unsent += data
            self._send()

    def send_rest(self) -> None:
        """Send what the socket did not take before."""
        with self._sending:
            self._send()

    def send_soon(self, data: bytes) -> None:
        """Send an answer from another thread than the thread that serves the connection."""
        self.send(data)
        if self._unsent:
            self._on_unsent(self)

    def _send(self) -> None:
        if self._closed:
            self._unsent = b""
            return
        try:
            sent = self.sock.send(self._unsent)
        except BlockingIOError:
            return
        except OSError:
            self.ended = True
            self._unsent = b""
            return
        self._unsent = self._unsent[sent:]

    # -- deferred answers -----------------------------------------------------------------------------------------

    @property
    def deferred(self) -> Later | None:
        """Return the deferred answer to the last call; None when it is sent or there is none."""
        return self._deferred

    def defer(self, later: Later) -> None:
        """Store the deferred answer to the last call."""
        self._deferred = later

    def send_deferred(self, answer: bytes | None) -> None:
        """Send the deferred answer.

        With None, send nothing: the client does not wait for an answer. Any thread may call this.
        """
        if answer is not None:
            self.send_soon(answer)
        self._deferred = None

    # -- time -----------------------------------------------------------------------------------------------------

    def handshake_done(self, now: float) -> None:
        """Mark the handshake as complete. From now on the connection carries calls."""
        self.incoming.handshake_done = True
        self._in_message = False
        self._deadline = now + self._idle_s

    def message_received(self) -> None:
        """Note that a message was received whole. The next message has its own deadline."""
        self._in_message = False

    def set_deadline(self, now: float) -> None:
        """Set the deadline when the thread that served the connection is done with it."""
        if not self.incoming.handshake_done:
            return
        in_message = self.incoming.has_input or self.unsent
        if self.deferred is not None:
            self._deadline = math.inf  # the client sends nothing until then
        elif not in_message:
            self._deadline = now + self._idle_s
        elif not self._in_message:
            self._deadline = now + MESSAGE_S
        self._in_message = in_message

    def is_overdue(self, now: float) -> bool:
        """Return whether the connection has passed its deadline."""
        if self._deadline == math.inf and self.deferred is None:
            self._in_message = self.unsent
            self._deadline = now + (MESSAGE_S if self.unsent else self._idle_s)
        return now > self._deadline

    def close(self) -> None:
        """Close the connection and abandon a deferred answer."""
        with self._sending:
            self._closed = True
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)
            self.sock.close()
        if self._deferred is not None:
            self._deferred.abandon()
