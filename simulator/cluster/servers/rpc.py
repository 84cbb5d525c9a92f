"""Calls between simulated processes: a request, and its answer or error, as over a real connection.

Arguments and answers travel as bytes in the serializer of the real wire. So processes share nothing by accident, and
each value arrives in the shape that it has in the real system. A connection leads to one incarnation of a process, and
breaks with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgpack

from game.errors import TicTacToeError
from simulator.engine.node import Incarnation, Node, Timer
from simulator.engine.simulation import Simulation
from wire import REPLICATION
from wire.errors import DeadlineExceeded, Unreachable, error_from
from wire.later import Later, later_of

Then = Callable[[Any], None]
Fail = Callable[[TicTacToeError], None]


@dataclass(frozen=True, slots=True)
class Request:
    """A call. ``caller`` is the incarnation that gets the answer."""

    caller: Incarnation
    number: int
    method: str
    body: bytes

    def __str__(self) -> str:
        return f"{self.number}? {self.method}{_shown(unpack(self.body))}"


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a call; with a non-empty ``code``, its error."""

    number: int
    code: str
    body: bytes

    def __str__(self) -> str:
        return f"{self.number}! {self.code}{_shown(unpack(self.body))}"


def pack(value: object) -> bytes:
    """Serialize a value for the wire."""
    packed: bytes = msgpack.packb(value)
    return packed


def unpack(body: bytes) -> Any:
    """Deserialize a value from the wire."""
    return msgpack.unpackb(body, strict_map_key=False)


def _shown(value: object) -> str:
    text = str(tuple(value)) if isinstance(value, list) else f" {value}"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


_LONGEST_SHOWN = 160


def break_connection(simulation: Any, sender: str, receiver: str, message: object) -> None:
    """Reply for a machine without the called process: the caller's connection is refused or breaks."""
    if isinstance(message, Request):
        reply = Reply(message.number, Unreachable.code, pack("nobody is there"))
        simulation.send(receiver, sender, reply, to=message.caller)


class Process(Node):
    """A node that makes calls and serves calls."""

    simulation: Simulation

    def __init__(self) -> None:
        # The calls without an answer, by number. An answer or a timeout removes the call.
        self._calls: dict[int, tuple[str, Then, Fail, Timer]] = {}
        self._numbers = 0
        # By name: the incarnation at the other end of the connection.
        self._connections: dict[str, Incarnation] = {}
        # The requests that this process has not answered. Its death breaks their connections.
        self._unanswered: dict[tuple[Incarnation, int], Request] = {}

    # -- calling --------------------------------------------------------------------------------------------------

    def call(self, to: str, method: str, *arguments: object, timeout_s: float, then: Then, fail: Fail) -> None:
        """Call a method of another process.

        Exactly one of ``then`` and ``fail`` is called, unless this incarnation ends first.
        """
        self._numbers += 1
        number = self._numbers
        timer = self.set_timer(
            timeout_s, lambda: self._settle(number, lambda: fail(DeadlineExceeded(f"no answer in {timeout_s:g} s")))
        )
        self._calls[number] = (to, then, fail, timer)
        connection = self._connections.get(to)
        if connection is None and self.simulation.is_alive(to):
            connection = self._connections[to] = self.simulation.incarnations[to]
        receiver = to if connection is None else connection.name
        self.simulation.send(
            self.name, receiver, Request(self.incarnation, number, method, pack(arguments)), to=connection
        )

    def connection_to(self, name: str) -> Incarnation | None:
        """Return the incarnation that the connection to ``name`` leads to, or None."""
        return self._connections.get(name)

    def on_Reply(self, reply: Reply, _sender: str) -> None:  # noqa: N802  # named after the message
        call = self._calls.get(reply.number)
        if call is None:
            return  # the call was given up, or this is a duplicate
        _, then, fail, _ = call
        value = unpack(reply.body)
        if reply.code:
            error = error_from(reply.code, str(value))
            self._settle(reply.number, lambda: fail(error), broken=isinstance(error, Unreachable))
        else:
            self._settle(reply.number, lambda: then(value), broken=False)

    def _settle(self, number: int, end: Callable[[], None], *, broken: bool = True) -> None:
        call = self._calls.pop(number, None)
        if call is not None:
            to, _, _, timer = call
            timer.cancel()
            if broken:
                self._connections.pop(to, None)
            end()

    # -- being called ---------------------------------------------------------------------------------------------

    def on_Request(self, request: Request, _sender: str) -> None:  # noqa: N802
        """Pass the call to ``serve``, which answers now or later."""
        self._unanswered[request.caller, request.number] = request
        try:
            self.serve(request, request.method, unpack(request.body))
        except TicTacToeError as error:
            self.refuse(request, error)

    def serve(self, request: Request, method: str, arguments: list[Any]) -> None:
        """Answer a call with ``answer`` or ``refuse``, or raise its error."""
        raise NotImplementedError

    def answer_later(self, request: Request, later: Later) -> None:
        """Send a deferred answer when it is settled."""

        def settled(value: Any, error: TicTacToeError | None) -> None:
            if error is None:
                self.answer(request, value)
            else:
                self.refuse(request, error)

        later.then(settled)

    def answer(self, request: Request, value: object) -> None:
        """Send the answer to a call."""
        self._reply(request, Reply(request.number, "", pack(value)))

    def refuse(self, request: Request, error: TicTacToeError) -> None:
        """Send the error of a call."""
        self._reply(request, Reply(request.number, error.code, pack(error.message)))

    def _reply(self, request: Request, reply: Reply) -> None:
        self._unanswered.pop((request.caller, request.number), None)
        self.simulation.send(self.name, request.caller.name, reply, to=request.caller)

    def on_death(self) -> None:
        """Close the connections, as the operating system does. Every caller with an open call gets an error."""
        for request in list(self._unanswered.values()):
            break_connection(self.simulation, request.caller.name, self.name, request)


class SimulatedHost:
    """The host of the procedures of a simulated server: calls to the replica, timers, and no threads."""

    def __init__(self, process: Process, *, timeout_s: float) -> None:
        """``timeout_s``: of a call to the replica."""
        self._process = process
        self._timeout_s = timeout_s

    def call(self, method: str, arguments: tuple[Any, ...]) -> Later:
        """Call a method of the replica."""
        later = Later()
        self._process.call(
            REPLICATION, method, *arguments, timeout_s=self._timeout_s, then=later.answer, fail=later.fail
        )
        return later

    def soon(self, action: Callable[[], None]) -> Timer:
        """Run an action after the present one."""
        return self._process.set_timer(0.0, action)

    def call_later(self, delay_s: float, action: Callable[[], None]) -> Timer:
        """Run an action in ``delay_s`` seconds."""
        return self._process.set_timer(delay_s, action)

    def in_thread(self, work: Callable[[], Any]) -> Later:
        """Do the work at once."""
        return later_of(work)
