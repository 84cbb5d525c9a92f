"""The main server's end of the replica link: calls, one after the other, on a connection that opens when it is needed.

On each new connection, the first call checks that the replica has this machine and data folder: only then the lock of a
role excludes a second main server. A call that fails closes the connection, and the next call opens another.

The link is in the data folder. When nothing listens there, a replication server may still run: one with another data
folder, or one of an older version, which has no link. So the call then fails only after its peer port was asked.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from game.errors import TicTacToeError
from server.replication.link.channel import InitiatorChannel
from server.replication.link.encoding import read_answer, request
from server.replication.link.place import LinkPlace
from server.replication.link.transports import begin, stream
from wire.authentication import NotAuthentic
from wire.errors import DeadlineExceeded, Forbidden, Unreachable, WrongMachine
from wire.later import Later, failed

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
        # ``_current`` is sent, or waits for the connection. The calls in ``_waiting`` come after it, in this order.
        self._current: _Call | None = None
        self._waiting: deque[_Call] = deque()
        self._connection: _Connection | None = None
        # Valid while there is a current call. One timer serves many calls: when it fires too early, it starts again.
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def call(self, method: str, arguments: tuple[Any, ...]) -> Later:
        """Call a method of the replica.

        Fails with the error of the method, and with Unreachable, DeadlineExceeded, Busy, TooLarge, Forbidden,
        ProtocolMismatch, WrongMachine, InvalidArgument. After Unreachable and DeadlineExceeded it is unknown whether
        the call was executed.
        """
        self._calls_made += 1
        try:
            call = _Call(self._calls_made, request(self._calls_made, method, arguments), Later())
        except TicTacToeError as error:
            return failed(error)
        self._waiting.append(call)
        self._begin_next()
        return call.later

    def close(self) -> None:
        """Close the connection. Calls without an answer fail with Unreachable."""
        waiting, self._waiting = self._waiting, deque()
        self._fail(Unreachable("the replica link is closed"))
        for call in waiting:
            call.later.fail(Unreachable("the replica link is closed"))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- calls ------------------------------------------------------------------------------------------------------

    def _begin_next(self) -> None:
        if self._current is not None or not self._waiting:
            return
        self._current = self._waiting.popleft()
        self._start_deadline()
        if self._connection is None:
            self._connection = _Connection(self, self._key)
            self._connection.open(self._loop, self._place)
        else:
            self._send(self._connection, self._current.request)

    def _send(self, connection: _Connection, message: bytes) -> None:
        try:
            connection.channel.send(message)
        except TicTacToeError as error:
            self._fail(error)

    def _fail(self, error: TicTacToeError) -> None:
        """Close the connection. The present call fails with this error."""
        connection, self._connection = self._connection, None
        current, self._current = self._current, None
        if connection is not None:
            connection.abort()
        if isinstance(error, WrongMachine):
            self._on_wrong_machine(error.message)
        if current is not None:
            current.later.fail(error)
        self._begin_next()

    # -- the connection ---------------------------------------------------------------------------------------------

    def on_open(self, connection: _Connection) -> None:
        """Check the machine on a new connection, before anything else."""
        if connection is self._connection:
            self._send(connection, self._check)

    def on_message(self, connection: _Connection, message: bytes) -> None:
        """Take an answer."""
        current = self._current
        try:
            number, value, error = read_answer(message)
            if current is None or number != (current.number if connection.is_checked else _CHECK):
                raise ConnectionAbortedError("an answer without a request")
        except ConnectionAbortedError as broken:
            self._fail(Unreachable(f"the replica link is broken: {broken}"))
            return
        if error is not None:
            self._fail(error)
        elif not connection.is_checked:
            connection.is_checked = True
            self._start_deadline()
            self._send(connection, current.request)
        else:
            self._current = None
            current.later.answer(value)
            self._begin_next()

    def on_absent(self, connection: _Connection, error: TicTacToeError) -> None:
        """Ask the peer port, because nothing listens on the link."""
        if self._asking is None or self._asking.settled:
            self._asking = self._ask_peer_port()
        self._asking.then(partial(self._on_peer_port, connection, error))

    def _on_peer_port(
        self, connection: _Connection, error: TicTacToeError, _value: object, refusal: TicTacToeError | None
    ) -> None:
        """Fail the present call. If a replication server answers, try the link again first: it may be new."""
        is_current = connection is self._connection
        if refusal is None and is_current and not connection.is_second_attempt:
            connection.is_second_attempt = True
            connection.open(self._loop, self._place)
        elif is_current:
            absent = Unreachable(_NO_LINK) if refusal is None else refusal
            self._fail(error if isinstance(refusal, Unreachable) else absent)
        elif isinstance(refusal, WrongMachine):  # it came after the timeout
            self._on_wrong_machine(refusal.message)

    def on_lost(self, connection: _Connection, error: TicTacToeError) -> None:
        """Fail the present call: its connection is lost."""
        if connection is self._connection:
            self._fail(error)

    # -- time -------------------------------------------------------------------------------------------------------

    def _start_deadline(self) -> None:
        self._deadline = self._loop.time() + self._timeout_s
        if self._timer is None:
            self._timer = self._loop.call_later(self._timeout_s, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if self._current is None:
            return
        left_s = self._deadline - self._loop.time()
        if left_s > 0:
            self._timer = self._loop.call_later(left_s, self._on_timer)
        else:
            self._fail(DeadlineExceeded(f"the replication server did not answer within {self._timeout_s:g} s"))


class _Connection(asyncio.Protocol):
    """One connection, from the attempt to open it to its end."""

    def __init__(self, link: ReplicaLink, key: bytes) -> None:
        self.channel = InitiatorChannel(key, self._write)
        self.is_checked = False
        """Whether the replica at the other end has this machine and data folder."""
        self.is_second_attempt = False
        """Whether the first attempt found nothing that listens."""
        self._link = link
        self._transport: asyncio.Transport | None = None
        self._opening: asyncio.Task[None] | None = None
        self._is_aborted = False

    def open(self, loop: asyncio.AbstractEventLoop, place: LinkPlace) -> None:
        """Begin to connect."""
        self._opening = begin(loop, self._open(loop, place))

    def abort(self) -> None:
        """Close the connection at once. The link gets nothing more from it."""
        self._is_aborted = True
        if self._transport is not None:
            self._transport.abort()

    async def _open(self, loop: asyncio.AbstractEventLoop, place: LinkPlace) -> None:
        try:
            sock = await place.connect(loop)
            try:
                await loop.create_connection(lambda: self, sock=sock)
            except OSError as error:
                sock.close()
                raise Unreachable(f"the replication server does not answer on the replica link: {error}") from None
        except Unreachable as error:
            self._link.on_absent(self, error)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = stream(transport)
        if self._is_aborted:
            self._transport.abort()
        else:
            self.channel.begin()

    def data_received(self, data: bytes) -> None:
        self.channel.feed(data)
        while not self._is_aborted and (message := self._next_message()) is not None:
            self._link.on_message(self, message)

    def _next_message(self) -> bytes | None:
        """Return the next message. Report the end of the handshake, and what breaks the connection."""
        was_open = self.channel.is_open
        try:
            message = self.channel.next()
        except NotAuthentic as error:
            self._link.on_lost(self, self._not_authentic(error))
        except ConnectionAbortedError as error:
            self._link.on_lost(self, Unreachable(f"the replica link is broken: {error}"))
        except TicTacToeError as error:
            self._link.on_lost(self, error)
        else:
            if not was_open and self.channel.is_open:
                self._link.on_open(self)
            return message
        return None

    def connection_lost(self, error: Exception | None) -> None:
        why = "the replication server closed it" if error is None else str(error)
        self._link.on_lost(self, Unreachable(f"the replica link is broken: {why}"))

    def _not_authentic(self, error: NotAuthentic) -> TicTacToeError:
        if self.channel.is_open:
            return Unreachable(f"an answer on the replica link was changed or repeated on its way: {error}")
        return Forbidden("the program at the replica link does not have this cluster key")

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)
