"""A connection at the replication server: the requests of one main server, answered one after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from types import GeneratorType
from typing import Any, Protocol

import structlog

from game.errors import TicTacToeError
from server.replication.link.channel import ResponderChannel
from server.replication.link.encoding import answer, error_answer, read_request
from server.replication.link.methods import Methods
from server.replication.link.transports import stream
from server.runtime.effects import Effects
from wire.authentication import NotAuthentic
from wire.errors import Forbidden
from wire.later import Later

MESSAGES_A_TURN = 4
"""Requests that are answered before the loop does other work."""

logger = structlog.get_logger()


class Site(Protocol):
    """What a connection needs of its server."""

    methods: Methods
    run: Callable[[Effects[Any]], Later]
    """Runs a procedure."""
    answered: Callable[[object, str | None, float], None]
    """Is called for each answer with the method, the error code or None, and the seconds since the request."""

    def on_authentic(self, connection: ServedConnection) -> None:
        """Is called when the other end has proved that it has the key."""

    def on_ended(self, connection: ServedConnection) -> None:
        """Is called when the connection has ended."""


class ServedConnection(asyncio.Protocol):
    """One connection, from its handshake to its end."""

    def __init__(self, site: Site, loop: asyncio.AbstractEventLoop, key: bytes) -> None:
        self.received_at = loop.time()
        """When the last bytes came, or when the connection was accepted, by the loop's clock."""
        self._site = site
        self._loop = loop
        self._channel = ResponderChannel(key, self._write)
        self._transport: asyncio.Transport | None = None
        self._is_ended = False
        # No request is taken while one of these is set.
        self._deferred: Later | None = None
        self._is_scheduled = False
        self._is_in_turn = False
        """Whether ``_go_on`` runs."""
        self._is_full = False
        """Whether the other end does not read its answers."""

    @property
    def is_authentic(self) -> bool:
        """Whether the other end has proved that it has the key."""
        return self._channel.is_open

    def end(self) -> None:
        """Close the connection, after what was sent."""
        self._is_ended = True
        if self._transport is not None:
            self._transport.close()

    # -- called by the loop -----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = stream(transport)
        if self._is_ended:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self.received_at = self._loop.time()
        self._channel.feed(data)
        self._go_on()

    def pause_writing(self) -> None:
        self._is_full = True
        self._set_reading()

    def resume_writing(self) -> None:
        self._is_full = False
        self._go_on()

    def connection_lost(self, _error: Exception | None) -> None:
        self._is_ended = True
        self._site.on_ended(self)
        if self._deferred is not None:
            self._deferred.abandon()

    # -- requests ---------------------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Answer some requests. The loop does other work before the next ones."""
        if self._is_scheduled or self._is_in_turn:
            return
        self._is_in_turn = True
        for _ in range(MESSAGES_A_TURN):
            if self._is_ended or self._is_full or self._deferred is not None:
                break
            message = self._next_message()
            if message is None:
                break
            self._carry_out(message)
        else:
            self._is_scheduled = True
            self._loop.call_soon(self._go_on_later)
        self._is_in_turn = False
        self._set_reading()

    def _go_on_later(self) -> None:
        self._is_scheduled = False
        self._go_on()

    def _set_reading(self) -> None:
        """Read from the socket only while requests are taken, so that input cannot pile up."""
        if self._transport is None or self._is_ended:
            return
        wanted = not (self._is_full or self._is_scheduled or self._deferred is not None)
        if wanted != self._transport.is_reading():
            (self._transport.resume_reading if wanted else self._transport.pause_reading)()

    def _next_message(self) -> bytes | None:
        was_authentic = self.is_authentic
        try:
            message = self._channel.next()
        except NotAuthentic as error:
            self._site.answered("", Forbidden.code, 0.0)
            logger.warning("message on the replica link not authentic, connection ends", why=str(error))
            self.end()
            return None
        except ConnectionAbortedError as error:
            self._break(error)
            return None
        if not was_authentic and self.is_authentic:
            self._site.on_authentic(self)
        return message

    def _carry_out(self, message: bytes) -> None:
        received_at = time.monotonic()
        try:
            number, method, arguments = read_request(message)
        except ConnectionAbortedError as error:
            self._break(error)
            return
        try:
            value = self._site.methods.carry_out(method, arguments)
        except TicTacToeError as error:
            self._answer(number, method, received_at, None, error)
            return
        if type(value) is GeneratorType:
            value = self._site.run(value)
        if isinstance(value, Later):
            self._deferred = value
            value.then(partial(self._answer, number, method, received_at))
        else:
            self._answer(number, method, received_at, value, None)

    def _answer(self, number: int, method: str, received_at: float, value: Any, error: TicTacToeError | None) -> None:
        """Send an answer. A value that cannot be sent becomes an error."""
        was_deferred, self._deferred = self._deferred is not None, None
        self._site.answered(method, None if error is None else error.code, time.monotonic() - received_at)
        if self._is_ended:
            return
        try:
            self._channel.send(answer(number, value) if error is None else error_answer(number, error))
        except TicTacToeError as failure:
            self._channel.send(error_answer(number, failure))
        if was_deferred:
            self._go_on()

    def _break(self, error: ConnectionAbortedError) -> None:
        logger.warning("replica link broken, connection ends", why=str(error))
        self.end()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)
