"""The main server's end of the replica link: one call at a time, on a connection that opens when it is needed.

On each new connection, the first call checks that the replica has this machine and data folder: only then the lock of a
role excludes a second main server. A call that fails closes the connection, and the next call opens another.

The link is in the data folder. When nothing listens there, a replication server may still run: one with another data
folder, or one of an older version, which has no link. So the call then fails only after its peer port was asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, cast

from game.errors import TicTacToeError, check
from server.replication.link.channel import Channel, initiate
from server.replication.link.encoding import read_answer, request
from server.replication.link.place import LinkPlace
from wire.authentication import NotAuthentic
from wire.errors import DeadlineExceeded, Forbidden, Unreachable, WrongMachine
from wire.frames import NotAMessage
from wire.later import Later, failed
from wire.rpc.connection import READ_AT_ONCE

_NO_LINK = (
    "the replication server runs and has not opened the replica link. If its version is older than that of this main"
    " server, upgrade replication first, then main, then communication"
)
_CHECK = 0
"""The number of the request that checks the machine. The numbers of calls begin after it."""


class _Call(NamedTuple):
    number: int
    request: bytes
    later: Later


class ReplicaLink:
    """Calls the methods of the replica. For the thread of its event loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        place: LinkPlace,
        key: bytes,
        *,
        timeout_s: float,
        machine: str,
        ask_peer_port: Callable[[], Later],
        on_wrong_machine: Callable[[str], object],
    ) -> None:
        """``key`` is the key of the link.
        ``timeout_s``: how long to wait for an answer, and for a new connection.
        ``machine`` is the id of this machine.
        ``ask_peer_port`` calls ``check_machine`` of the replication server on its peer port.
        ``on_wrong_machine`` is called with the reason when the replica is on another machine.
        """
        self._loop = loop
        self._place = place
        self._key = key
        self._timeout_s = timeout_s
        self._ask_peer_port = ask_peer_port
        self._asking: Later | None = None
        """The call on the peer port that has no answer yet."""
        self._check = request(_CHECK, "check_machine", [machine])
        self._on_wrong_machine = on_wrong_machine
        self._calls_made = _CHECK
        self._current: _Call | None = None
        """The present call. It is sent, or waits for the connection."""
        self._connection: _Connection | None = None
        # Valid while there is a current call. One timer serves many calls: when it fires too early, it starts again.
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def call(self, method: str, arguments: tuple[Any, ...]) -> Later:
        """Call a method of the replica. The call before must have ended.

        Fails with the error of the method, and with Unreachable, DeadlineExceeded, Busy, TooLarge, Forbidden,
        ProtocolMismatch, WrongMachine, InvalidArgument. After Unreachable and DeadlineExceeded it is unknown whether
        the call was executed.
        """
        check(self._current is None, "the replica gets one call at a time")
        self._calls_made += 1
        try:
            call = _Call(self._calls_made, request(self._calls_made, method, arguments), Later())
        except TicTacToeError as error:
            return failed(error)
        self._current = call
        self._start_deadline()
        if self._connection is None:
            self._connection = _Connection(self, self._key, self._check)
            self._open(self._connection)
        else:
            self._connection.send(call.request)
        return call.later

    def _open(self, connection: _Connection, *, again: bool = False) -> None:
        connection.opening = self._loop.create_task(self._connect(connection, again=again))

    async def _connect(self, connection: _Connection, *, again: bool) -> None:
        try:
            await self._place.connect(self._loop, lambda: connection)
        except Unreachable as error:  # nothing listens on the link
            if self._asking is None or self._asking.settled:
                self._asking = self._ask_peer_port()
            self._asking.then(partial(self._on_peer_port, connection, again, error))

    def _on_peer_port(
        self,
        connection: _Connection,
        was_again: bool,  # bound by ``partial``
        error: Unreachable,
        _value: object,
        refusal: TicTacToeError | None,
    ) -> None:
        """Fail the present call. If a replication server answers, try the link again first: it may be new."""
        if connection is not self._connection:
            if isinstance(refusal, WrongMachine):  # it came after the timeout
                self._on_wrong_machine(refusal.message)
        elif refusal is not None:
            self.fail(error if isinstance(refusal, Unreachable) else refusal)
        elif was_again:
            self.fail(Unreachable(_NO_LINK))
        else:
            self._open(connection, again=True)

    def fail(self, error: TicTacToeError) -> None:
        """Close the connection. The present call fails with this error."""
        connection, self._connection = self._connection, None
        current, self._current = self._current, None
        if connection is not None:
            connection.abort()
        if isinstance(error, WrongMachine):
            self._on_wrong_machine(error.message)
        if current is not None:
            current.later.fail(error)

    # -- called by the connection -----------------------------------------------------------------------------------

    def on_answer(self, connection: _Connection, number: int, value: Any, error: TicTacToeError | None) -> None:
        """Process an answer: to the present call, or before that to the check of the machine."""
        current = self._current
        if current is None or number != (current.number if connection.is_checked else _CHECK):
            self.fail(Unreachable("the replica link is broken: an answer without a request"))
        elif error is not None:
            self.fail(error)
        elif not connection.is_checked:
            connection.is_checked = True
            self._start_deadline()
            connection.send(current.request)
        else:
            self._current = None
            current.later.answer(value)

    # -- time -------------------------------------------------------------------------------------------------------

    def _start_deadline(self) -> None:
        self._deadline = self._loop.time() + self._timeout_s
        if self._timer is None:
            self._timer = self._loop.call_at(self._deadline, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if self._current is not None and self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._on_timer)
        elif self._current is not None:
            self.fail(DeadlineExceeded(f"the replication server did not answer within {self._timeout_s:g} s"))


class _Connection(asyncio.Protocol):
    """One connection, from the attempt to open it to its end. After ``abort`` the link gets nothing more from it."""

    def __init__(self, link: ReplicaLink, key: bytes, check: bytes) -> None:
        """``check`` is the request that checks the machine. It is sent before anything else."""
        self.is_checked = False
        """Whether the replica at the other end has this machine and data folder."""
        self.opening: asyncio.Task[None] | None = None
        """The attempt to connect. The loop itself keeps no reference to a task."""
        self._link = link
        self._key = key
        self._check = check
        self._transport: asyncio.Transport | None = None
        self._channel: Channel | None = None
        """None before the connection is made and after ``abort``."""
        self._is_aborted = False

    def send(self, message: bytes) -> None:
        """Send a message. The handshake is complete."""
        if self._channel is not None:
            self._channel.send(message)

    def abort(self) -> None:
        """Close the connection at once."""
        self._is_aborted, self._channel = True, None
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = self._transport = cast("asyncio.Transport", transport)
        if hasattr(stream, "max_size"):
            stream.max_size = READ_AT_ONCE
        if self._is_aborted:
            stream.abort()
        else:
            self._channel = Channel(initiate, self._key, stream.write)

    def data_received(self, data: bytes) -> None:
        if self._channel is not None:
            self._channel.feed(data)
        while self._channel is not None and (answer := self._next_answer(self._channel)) is not None:
            self._link.on_answer(self, *answer)

    def _next_answer(self, channel: Channel) -> tuple[int, Any, TicTacToeError | None] | None:
        """Return the next answer; None while it is incomplete, and when the connection cannot continue."""
        try:
            while (content := channel.next()) is not None:
                if channel.handshake_done:
                    return read_answer(content)
                if channel.greet(content):
                    channel.send(self._check)
        except NotAuthentic as error:
            forged = Unreachable(f"an answer on the replica link was changed or repeated on its way: {error}")
            other = Forbidden("the program at the replica link does not have this cluster key")
            self._link.fail(forged if channel.handshake_done else other)
        except NotAMessage as error:
            self._link.fail(Unreachable(f"the replica link is broken: {error}"))
        except TicTacToeError as error:
            self._link.fail(error)
        return None

    def connection_lost(self, error: Exception | None) -> None:
        if not self._is_aborted:
            why = "the replication server closed it" if error is None else str(error)
            self._link.fail(Unreachable(f"the replica link is broken: {why}"))
