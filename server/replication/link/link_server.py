"""The replication server's end of the replica link: its connections, and the answers to their requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from time import monotonic
from types import GeneratorType
from typing import Any

from game.errors import TicTacToeError
from server.replication.link.channel import Channel, refusal, respond
from server.replication.link.encoding import answer, read_request
from server.replication.link.methods import Methods
from server.replication.link.place import LinkPlace
from server.runtime.effects import Effects
from wire.connection_limits import ConnectionLimits, ConnectionSlot
from wire.errors import Busy, Forbidden
from wire.later import Later
from wire.rpc.connection import Connection
from wire.rpc.open_connections import OpenConnections

MOST_CONNECTIONS = 16
"""The most connections. A main server has one."""
MOST_HALF_OPEN = 8
"""The most connections in their handshake."""
IDLE_S = 5.0
"""Seconds after which a silent connection is closed. The main server opens another one with its next request."""

Error = TicTacToeError | None
"""The error in place of an answer's value, if there is one."""


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
        answered: Callable[[object, str | None, float], None],
    ) -> None:
        """``key`` is the key of the link.
        ``service`` has the methods of ``METHODS``; see ``offer``.
        ``run`` runs the procedures that methods return.
        ``answered`` is called for each answer with the method, the error code or None, and the seconds since the
        request.
        """
        self._loop = loop
        self._place = place
        self._key = key
        self._methods = Methods(service)
        self._run = run
        self._answered = answered
        self._limits = ConnectionLimits(
            most=MOST_CONNECTIONS, most_of_host=MOST_CONNECTIONS, most_half_open=MOST_HALF_OPEN
        )
        self._open = OpenConnections(self._limits, connection=self._connection, refusal=self._refusal)

    def offer(self, service: object) -> None:
        """Answer the next requests by this object."""
        self._methods = Methods(service)

    def listen(self) -> None:
        """Begin to accept connections. Raises StorageFailed; then a later attempt can succeed."""
        self._open.begin(self._loop, self._place.listen())

    def _connection(self, slot: ConnectionSlot) -> Connection[bytes]:
        def write(data: bytes) -> None:
            connection.send(data)

        channel = Channel(respond, self._key, write)
        connection = Connection(
            slot,
            channel,
            greet=partial(self._greet, channel),
            answer=partial(self._answer, channel),
            on_lost=self._open.forget,
            on_not_authentic=lambda: self._answered("", Forbidden.code, 0.0),
            turns=self._open.turns,
            idle_s=IDLE_S,
        )
        return connection

    def _refusal(self) -> bytes:
        self._answered("", Busy.code, 0.0)
        return refusal(Busy)

    def _greet(self, channel: Channel, connection: Connection[bytes], token: bytes) -> bool:
        is_done = channel.greet(token)
        if is_done:
            self._limits.handshake_done(connection.slot)
        return is_done

    def _answer(self, channel: Channel, connection: Connection[bytes], message: bytes) -> None:
        """Carry out a request, and answer it now or later. Raises NotAMessage."""
        number, method, arguments = read_request(message)
        value: Any = None
        error: Error = None
        try:
            value = self._methods.carry_out(method, arguments)
        except TicTacToeError as failure:
            error = failure

        if type(value) is GeneratorType:
            value = self._run(value)
        if isinstance(value, Later):
            if not value.settled:
                connection.defer(value)
                value.then(partial(self._send_deferred, channel, connection, number, method))
                return
            value, error = value.value, value.error
        self._send(channel, connection, number, method, value, error)

    def _send_deferred(
        self, channel: Channel, connection: Connection[bytes], number: int, method: str, value: Any, error: Error
    ) -> None:
        self._send(channel, connection, number, method, value, error)
        connection.send_deferred(None)

    def _send(
        self, channel: Channel, connection: Connection[bytes], number: int, method: str, value: Any, error: Error
    ) -> None:
        self._answered(method, None if error is None else error.code, monotonic() - connection.received_at)
        channel.send(answer(number, value, error))
