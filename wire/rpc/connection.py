"""One caller's connection at a server: what is read, what is still to be sent, and until when its caller has time.

Nothing here waits: reading and sending take and give what can be had at once. One thread at a time serves a connection,
``transport`` sees to that; answers that come later are sent by whatever thread has them.

A connection that has not shown who it is (its handshake) must be quick; after that a message may take MESSAGE_S from
its first byte to its last, however slowly its sender sends. The same goes for how slowly an answer is read.
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
MESSAGE_S = 20.0
_PIECE = 1 << 16


class Connection:
    """The connection of a guest."""

    def __init__(
        self, guest: ConnectionSlot, incoming: MessageReader, *, idle_s: float, on_rest: Callable[[Connection], None]
    ) -> None:
        """``idle_s``: how long it may say nothing between two calls. ``on_rest`` is called when another thread's answer
        was not taken whole."""
        self.sock: socket.socket = guest.connection
        self.sock.setblocking(False)
        self.guest = guest
        self.incoming = incoming
        self.responder: Responder | None = None
        """Its side of the handshake, at an endpoint with a key. Of ``greeter``, like the next."""
        self.session: Session | None = None
        """What its messages belong to after that. The answer to a call is sent before the next is read, so answers are
        sent in the order of their tags."""
        self.served = False
        """Whether a thread has it. Of ``transport``, like the next."""
        self.set_aside = False
        """Whether it is not looked at, since something came while it was served."""
        self.looked_at_for = 0
        """Which events of it are waited for."""
        self.heard_at = guest.since
        """When something last came, by the monotonic clock."""
        self.ended = False
        """Whether the caller has closed it, or it broke."""
        self._idle_s = idle_s
        self._on_rest = on_rest
        self._sending = threading.Lock()
        self._unsent = b""
        self._closed = False
        self._owed: Later | None = None
        self._in_message = True
        self._until = guest.since + min(HANDSHAKE_S, idle_s)

    @property
    def prove(self) -> Prove | None:
        """What makes the token of the next answer, if answers have one."""
        return None if self.session is None else self.session.tag

    # -- reading --------------------------------------------------------------------------------------------------

    def receive(self) -> None:
        """Take what has come."""
        try:
            data = self.sock.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.heard_at = time.monotonic()
            self.incoming.feed(data)
        else:
            self.ended = True

    # -- sending --------------------------------------------------------------------------------------------------

    @property
    def unsent(self) -> bool:
        """Whether an answer was not taken whole yet."""
        return bool(self._unsent)

    def send(self, data: bytes) -> None:
        """Send an answer, and what is not taken at once later, with ``send_rest``."""
        with self._sending:
            self._unsent += data
            self._send()

    def send_rest(self) -> None:
        """Send what was not taken before."""
        with self._sending:
            self._send()

    def send_soon(self, data: bytes) -> None:
        """Send an answer from another thread than the one that serves the connection."""
        self.send(data)
        if self._unsent:
            self._on_rest(self)

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

    # -- answers that come later ----------------------------------------------------------------------------------

    @property
    def owed(self) -> Later | None:
        """What will be the answer to the last call, as long as it is not sent."""
        return self._owed

    def owe(self, later: Later) -> None:
        """The answer to the last call is going to be settled."""
        self._owed = later

    def pay(self, answer: bytes | None) -> None:
        """Send what was owed, or nothing if nobody listens, from whatever thread has it."""
        if answer is not None:
            self.send_soon(answer)
        self._owed = None

    # -- time -----------------------------------------------------------------------------------------------------

    def shaken(self, now: float) -> None:
        """The handshake is over: from now on calls come."""
        self.incoming.shaken = True
        self._in_message = False
        self._until = now + self._idle_s

    def progressed(self) -> None:
        """A message was taken whole: the next has its own time."""
        self._in_message = False

    def rests(self, now: float) -> None:
        """Its thread is done with it for now."""
        if not self.incoming.shaken:
            return
        in_message = self.incoming.begun or self.unsent
        if self.owed is not None:
            self._until = math.inf  # its caller has nothing to say until then
        elif not in_message:
            self._until = now + self._idle_s
        elif not self._in_message:
            self._until = now + MESSAGE_S
        self._in_message = in_message

    def is_late(self, now: float) -> bool:
        """Whether its caller has taken too long."""
        if self._until == math.inf and self.owed is None:
            self._in_message = self.unsent
            self._until = now + (MESSAGE_S if self.unsent else self._idle_s)
        return now > self._until

    def close(self) -> None:
        """Close it. What is still owed is owed to nobody."""
        with self._sending:
            self._closed = True
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)
            self.sock.close()
        if self._owed is not None:
            self._owed.abandon()
