"""Calls between simulated processes: a request, and its answer or error, as over a real connection.

Arguments and answers travel as bytes in the serializer of the real wire. So processes share nothing by accident, and
each value arrives in the shape that it has in the real system. A connection leads to one incarnation of a process, and
breaks with it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import msgpack

from game.errors import TicTacToeError
from server.runtime.effects import Effects
from server.runtime.procedures import Procedure
from simulator.engine.node import Incarnation, Node, Timer
from simulator.engine.simulation import Simulation
from wire.errors import DeadlineExceeded, Unreachable, error_from
from wire.later import Later, Shared, later_of


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
    """A node that makes calls, serves calls and runs procedures."""

    simulation: Simulation

    def __init__(self) -> None:
        # The calls without an answer, by number: the called process, the answer, the timeout.
        self._calls: dict[int, tuple[str, Later, Timer]] = {}
        self._numbers = 0
        # By name: the incarnation at the other end of the connection.
        self._connections: dict[str, Incarnation] = {}
        # The requests that this process has not answered. Its death breaks their connections.
        self._unanswered: dict[Request, Later] = {}
        self.caller: Incarnation
        """The caller of the request that is being served."""

    def run(self, effects: Effects[Any]) -> Later:
        """Run a procedure of this process that needs neither a commit lock nor another server."""
        return Procedure(effects, SimulatedHost(self)).begin()

    # -- calling --------------------------------------------------------------------------------------------------

    def call(self, to: str, method: str, *arguments: object, timeout_s: float) -> Later:
        """Call a method of another process. The answer is never settled if this incarnation ends first."""
        self._numbers += 1
        number = self._numbers
        late = DeadlineExceeded(f"no answer in {timeout_s:g} s")
        timer = self.set_timer(timeout_s, lambda: self._settle(number, None, late))
        later = Later()
        self._calls[number] = (to, later, timer)
        connection = self._connections.get(to)
        if connection is None and self.simulation.is_alive(to):
            connection = self._connections[to] = self.simulation.incarnations[to]
        receiver = to if connection is None else connection.name
        self.simulation.send(
            self.name, receiver, Request(self.incarnation, number, method, pack(arguments)), to=connection
        )
        return later

    def connection_to(self, name: str) -> Incarnation | None:
        """Return the incarnation that the connection to ``name`` leads to, or None."""
        return self._connections.get(name)

    def on_Reply(self, reply: Reply, _sender: str) -> None:  # noqa: N802  # named after the message
        value = unpack(reply.body)
        self._settle(reply.number, value, error_from(reply.code, str(value)) if reply.code else None)

    def _settle(self, number: int, value: Any, error: TicTacToeError | None) -> None:
        """Settle a call. No effect on a call that was given up, or by a duplicate of its answer."""
        call = self._calls.pop(number, None)
        if call is None:
            return
        to, later, timer = call
        timer.cancel()
        if isinstance(error, Unreachable):
            self._connections.pop(to, None)
        later.settle(value, error)

    # -- being called ---------------------------------------------------------------------------------------------

    def on_Request(self, request: Request, _sender: str) -> None:  # noqa: N802
        """Serve a call, and reply when its answer is there."""
        self.caller = request.caller
        later = self._unanswered[request] = Later()
        later.then(lambda value, error: self._reply(request, value, error))
        try:
            answer = self.serve(request.method, unpack(request.body))
        except TicTacToeError as error:
            later.fail(error)
            return
        if isinstance(answer, Generator):
            answer = self.run(answer)
        if not isinstance(answer, Later):
            later.answer(answer)
            return
        answer.then(later.settle)

    def serve(self, method: str, arguments: list[Any]) -> object:
        """Carry out a call: ``serve_METHOD`` returns the answer, a deferred one or a procedure, or raises an error."""
        return getattr(self, f"serve_{method}")(*arguments)

    def _reply(self, request: Request, value: Any, error: TicTacToeError | None) -> None:
        self._unanswered.pop(request, None)
        if error is None:
            reply = Reply(request.number, "", pack(value.value if isinstance(value, Shared) else value))
        else:
            reply = Reply(request.number, error.code, pack(error.message))
        self.simulation.send(self.name, request.caller.name, reply, to=request.caller)

    def on_death(self) -> None:
        """Close the connections, as the operating system does. Every caller with an open call gets an error."""
        for request in list(self._unanswered):
            break_connection(self.simulation, request.caller.name, self.name, request)


class SimulatedHost:
    """The host of the procedures of a simulated process: calls to one other server, timers, and no threads."""

    def __init__(self, process: Process, server: str = "", *, timeout_s: float = 0.0) -> None:
        """``server`` gets the calls, and ``timeout_s`` limits each. The default is for procedures without calls."""
        self._process = process
        self._server = server
        self._timeout_s = timeout_s

    def call(self, method: str, arguments: tuple[Any, ...]) -> Later:
        """Call a method of the other server."""
        return self._process.call(self._server, method, *arguments, timeout_s=self._timeout_s)

    def soon(self, action: Callable[[], None]) -> Timer:
        """Run an action after the present one."""
        return self._process.set_timer(0.0, action)

    def call_later(self, delay_s: float, action: Callable[[], None]) -> Timer:
        """Run an action in ``delay_s`` seconds."""
        return self._process.set_timer(delay_s, action)

    def in_thread(self, work: Callable[[], Any]) -> Later:
        """Do the work at once."""
        return later_of(work)


def raise_error(_value: Any, error: TicTacToeError | None) -> None:
    """Raise the error that ended a procedure which must not fail."""
    if error is not None:
        raise error
