"""A client's connection at the server: its input, its answers and its deadline, on an event loop.

Messages are answered in their order, each before the next one is looked at. A turn of the loop answers at most
MESSAGES_AT_ONCE of them, so one client cannot hold up others. A connection reads no further while an answer is
deferred and there is more input, or while an answer is not sent whole. So the memory for one client is bounded.

Until its handshake is complete, a connection has HANDSHAKE_S seconds. After that, a message may take MESSAGE_S seconds
from its first byte to its last. The same limit holds for the client's reading of an answer.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar, cast

from wire.authentication import NotAuthentic, Responder, Session
from wire.connection_limits import ConnectionSlot
from wire.frames import Frame, NotAMessage, Prove
from wire.later import Later
from wire.message_reader import RejectedMessage
from wire.rpc.turns import MOST_S, Turns

logger = logging.getLogger(__name__)

HANDSHAKE_S = 5.0
"""Seconds for the whole handshake."""
MESSAGE_S = 20.0
"""Seconds for one message, from its first byte to its last."""
MESSAGES_AT_ONCE = 4
"""The most messages of one connection answered in a turn of the loop."""
READ_AT_ONCE = 1 << 16
"""The most bytes read at once, where the loop lets a transport set it. The default of ``asyncio`` is 256 KiB; the
allocation of so much costs more than a call."""

Message = Frame | RejectedMessage
"""A message of the RPC library."""
Received = TypeVar("Received")
Received_co = TypeVar("Received_co", covariant=True)


class Incoming(Protocol[Received_co]):
    """The input of a connection, as messages. ``MessageReader`` reads those of the RPC library."""

    handshake_done: bool
    """Whether the handshake is complete and messages are calls."""
    size: int
    """Bytes of input that ``next`` has not returned."""

    @property
    def has_input(self) -> bool:
        """Return whether a part of a message, or more, has arrived."""

    def feed(self, data: bytes) -> None:
        """Add received bytes."""

    def next(self) -> Received_co | None:
        """Return the next message; None while it is incomplete. Raises NotAMessage and NotAuthentic."""


class Disconnect(Exception):
    """The connection must end, because of the client's input. The client has been sent what it needs to know."""


class Connection(asyncio.Protocol, Generic[Received]):
    """A client's connection."""

    def __init__(
        self,
        slot: ConnectionSlot,
        incoming: Incoming[Received],
        *,
        greet: Callable[[Connection[Received], Received], bool],
        answer: Callable[[Connection[Received], Received], None],
        on_lost: Callable[[Connection[Any]], None],
        on_not_authentic: Callable[[], None],
        turns: Turns,
        idle_s: float,
    ) -> None:
        """Make it for the loop that runs.

        ``greet`` answers a message of the handshake and returns whether the handshake is complete.

        ``answer`` answers a later message, at once or by ``defer``. Both may raise Disconnect and NotAuthentic.
        ``on_lost`` is called when the connection has ended, ``on_not_authentic`` after NotAuthentic. ``idle_s``:
        seconds that the connection may be idle between two calls.
        """
        self.slot = slot
        self.responder: Responder | None = None
        """The server's state of the handshake, at an endpoint with a key. ``greeter`` sets it and the two next."""
        self.prove: Prove | None = None
        """The function that makes the token of the next answer; None if answers have no token."""
        self.session: Session | None = None
        """The session of the messages after the handshake. The server sends the answer to a call before it reads the
        next call. So answers leave in the order of their tags."""
        self.received_at = slot.since
        """When the last input came, by the monotonic clock."""
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        """None before the connection is made and after it has ended."""
        self._incoming = incoming
        self._greet = greet
        self._answer = answer
        self._on_lost = on_lost
        self._on_not_authentic = on_not_authentic
        self._turns = turns
        self._idle_s = idle_s
        self._deferred: Later | None = None
        """The deferred answer to the last call, until it is sent."""
        self._is_unsent = False
        """Whether a part of an answer is not sent yet."""
        self._is_paused = False
        """Whether reading is paused."""
        self._is_scheduled = False
        """Whether more messages are going to be answered in the next turn."""
        self._is_closed = False
        """Whether either end has closed the connection."""
        self._messages = 0
        """Number of messages received whole."""
        self._phase: tuple[str, int] = ("handshake", 0)
        """The phase at the last check of the deadline, and ``_messages`` then."""
        self._phase_since = slot.since
        """When ``_phase`` began, by the monotonic clock."""

    # -- called by the loop ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read."""
        stream = self._transport = cast("asyncio.Transport", transport)
        stream.set_write_buffer_limits(high=0)  # so an answer that is not sent whole at once pauses the connection
        if hasattr(stream, "max_size"):
            stream.max_size = READ_AT_ONCE
        if self._is_closed:
            stream.abort()

    def data_received(self, data: bytes) -> None:
        """Answer the messages that have arrived."""
        self.received_at = monotonic()
        self._incoming.feed(data)
        if self._is_scheduled or self._is_unsent or self._deferred is not None:
            self._pause_reading()
        elif self._turns.spent_s > MOST_S:
            self._schedule()
        else:
            self._serve(self.received_at)

    def pause_writing(self) -> None:
        """Answer nothing more until the client has taken the answer."""
        self._is_unsent = True
        self._pause_reading()

    def resume_writing(self) -> None:
        """Continue: the client has taken the answer."""
        self._is_unsent = False
        self._schedule()

    def connection_lost(self, _error: Exception | None) -> None:
        """Abandon a deferred answer: nobody waits for it any more."""
        self._transport = None
        self._is_closed = True
        self._on_lost(self)
        if self._deferred is not None:
            self._deferred.abandon()

    # -- answering ------------------------------------------------------------------------------------------------

    def _serve(self, began: float) -> None:
        """Answer some messages, as far as that is possible now. ``began``: now, by the monotonic clock."""
        try:
            self._answer_some(began)
        except (Disconnect, NotAMessage) as reason:
            logger.debug("a connection ends: %s", reason)
            self.close()
        except NotAuthentic as error:
            logger.warning("a message of %s is not authentic, its connection ends: %s", self.slot.host, error)
            self._on_not_authentic()
            self.close()
        except Exception as error:  # the loop itself would ignore an OSError here
            self.abort()
            self._loop.call_exception_handler({"message": "answering a client failed", "exception": error})
        self._turns.spend(monotonic() - began)

    def _answer_some(self, began: float) -> None:
        incoming = self._incoming
        for _ in range(MESSAGES_AT_ONCE):
            message = incoming.next()
            if message is None:
                break
            self._messages += 1
            if incoming.handshake_done:
                self._answer(self, message)
            elif self._greet(self, message):
                incoming.handshake_done = True
            if self._is_unsent or self._is_closed:
                return
            if not incoming.size:
                break
            if self._deferred is not None:
                self._pause_reading()
                return
            if monotonic() - began > MOST_S:
                self._schedule()
                return
        else:
            self._schedule()
            return
        if self._is_paused:
            self._resume_reading()  # also while an answer is deferred: so the end of the client is noticed

    def _schedule(self) -> None:
        """Answer more messages in the next turn."""
        if not self._is_scheduled:
            self._is_scheduled = True
            self._turns.put_off(self._serve_again)

    def _serve_again(self) -> None:
        self._is_scheduled = False
        if not self._is_closed and not self._is_unsent and self._deferred is None:
            self._serve(monotonic())

    def _pause_reading(self) -> None:
        if not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()

    # -- sending --------------------------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Send an answer. It is dropped if the connection has ended."""
        if self._transport is not None and not self._is_closed:
            self._transport.write(data)

    def defer(self, later: Later) -> None:
        """Store the deferred answer to the last call."""
        self._deferred = later

    def send_deferred(self, answer: bytes | None) -> None:
        """Send the deferred answer.

        With None, send nothing: the client does not wait for an answer.
        """
        self._deferred = None
        if answer is not None:
            self.send(answer)
        if self._incoming.size:
            self._schedule()

    # -- the end --------------------------------------------------------------------------------------------------

    def is_overdue(self, now: float) -> bool:
        """Return whether the connection has passed its deadline. Call it at intervals: it then notes what changed."""
        if not self._incoming.handshake_done:
            phase, limit_s = ("handshake", 0), min(HANDSHAKE_S, self._idle_s)
        elif self._deferred is not None:
            phase, limit_s = ("deferred", self._messages), math.inf  # the client sends nothing until then
        elif self._is_unsent or self._incoming.has_input:
            phase, limit_s = ("message", self._messages), MESSAGE_S
        else:
            phase, limit_s = ("idle", self._messages), self._idle_s
        if phase != self._phase:
            self._phase, self._phase_since = phase, now
        return now - self._phase_since > limit_s

    def close(self) -> None:
        """Close the connection when what was sent has left."""
        self._is_closed = True
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close the connection at once."""
        self._is_closed = True
        if self._transport is not None:
            self._transport.abort()
