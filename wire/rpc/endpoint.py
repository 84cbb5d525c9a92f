"""An endpoint: a port with remote objects, served on an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import Pyro4

from wire.addresses import Address, listen
from wire.connection_limits import ConnectionLimits, ConnectionSlot
from wire.errors import Forbidden, Unreachable
from wire.message_reader import LARGEST_CALL, LARGEST_OF_SERVERS, MessageReader
from wire.rpc.acceptor import BACKLOG
from wire.rpc.connection import Connection, Message
from wire.rpc.dispatcher import Answered, Dispatcher, Run
from wire.rpc.greeter import Greeter
from wire.rpc.open_connections import OpenConnections


class Endpoint:
    """A port that offers remote objects. With a key, it accepts only clients that have the same key.

    All calls are carried out in the thread of the event loop. ``port`` and ``connections`` can be read from any thread.
    """

    def __init__(
        self,
        bind: Address,
        *,
        answered: Answered,
        run: Run,
        key: bytes | None = None,
        most_of_host: int | None = None,
    ) -> None:
        """Listen. Clients that connect before ``begin`` wait in the listen queue. Raises Unreachable.

        ``answered`` is called for every answer. ``run`` runs the procedures that remote methods return.
        ``most_of_host``: the most connections from one host; by default no separate limit.
        """
        try:
            self._listening = listen(bind, backlog=BACKLOG)
        except OSError as error:
            raise Unreachable(f"cannot listen on {bind}: {error.strerror or error}") from None
        config = Pyro4.config
        most, largest = config.THREADPOOL_SIZE, config.MAX_MESSAGE_SIZE
        self.port: int = self._listening.getsockname()[1]
        """The port in use. If the requested port was 0, the system chose it."""
        self._largest = max(largest, LARGEST_OF_SERVERS) if key else min(largest, LARGEST_CALL)
        self._limits = ConnectionLimits(most=most, most_of_host=most if most_of_host is None else most_of_host)
        self._answered = answered
        self._dispatcher = Dispatcher(answered, run)
        self._greeter = Greeter(key, self._dispatcher.members_of, lambda code: answered("", code, 0.0))
        self._open = OpenConnections(self._limits, connection=self._connection, refusal=self._greeter.refusal)

    @property
    def connections(self) -> int:
        """Return the number of open connections."""
        return len(self._limits)

    def offer(self, name: str, remote_object: object) -> None:
        """Make the object callable under ``name``. Replaces an earlier object of that name."""
        self._dispatcher.objects[name] = remote_object

    def offer_on_demand(self, make: Callable[[str], object]) -> None:
        """Have objects of other names made for each call. Replaces an earlier ``make``.

        ``make`` gets any name that a client sends. It returns None if there is no such object.
        """
        self._dispatcher.make = make

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve from now on. Call it in the thread of the loop, once."""
        self._open.begin(loop, self._listening)

    def close(self) -> None:
        """Accept no more connections and close the open ones. Call it in the thread of the loop, or before ``begin``.

        The loop must run some more turns to release the connections.
        """
        self._open.close()
        self._listening.close()

    def _connection(self, slot: ConnectionSlot) -> Connection[Message]:
        config = Pyro4.config
        return Connection(
            slot,
            MessageReader(largest=self._largest, skipped=config.MAX_MESSAGE_SIZE),
            greet=self._greet,
            answer=self._dispatcher.answer,
            on_lost=self._open.forget,
            on_not_authentic=lambda: self._answered("", Forbidden.code, 0.0),
            turns=self._open.turns,
            idle_s=config.COMMTIMEOUT,
        )

    def _greet(self, connection: Connection[Message], message: Message) -> bool:
        is_done = self._greeter.greet(connection, message)
        if is_done:
            self._limits.handshake_done(connection.slot)
        return is_done
