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

from game.errors import TicTacToeError, check
from server.runtime.effects import Effect, Effects, RemoteCall, WithCommitLock
from simulator.engine.node import Incarnation, Node, Timer
from simulator.engine.simulation import Simulation
from wire import REPLICATION
from wire.errors import DeadlineExceeded, Unreachable, error_from

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
    """A node that makes calls, serves calls, and runs procedures with the replica."""

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


RunWithCommitLock = Callable[[Effects[Any], Then, Fail], None]
"""Runs a procedure with the commit lock, then calls back with its result or error."""


class ProcedureRun:
    """A running procedure.

    Each effect becomes a call to the replica, a timer or a procedure with the commit lock. Its result continues the
    procedure.
    """

    def __init__(
        self,
        process: Process,
        effects: Effects[Any],
        then: Then,
        fail: Fail | None = None,
        *,
        timeout_s: float,
        run_with_commit_lock: RunWithCommitLock | None = None,
    ) -> None:
        """``fail`` gets the error that ends the procedure. Without ``fail`` the error ends the process."""
        self._process = process
        self._effects = effects
        self._then = then
        self._fail = fail
        self._timeout_s = timeout_s
        self._run_with_commit_lock = run_with_commit_lock
        # The timer of the current rest. None while the procedure does not rest.
        self._rest: Timer | None = None
        # Whether ``wake`` came outside a rest. Then the next rest is skipped.
        self._woken = False

    def begin(self) -> ProcedureRun:
        """Run the procedure up to its first effect."""
        self._step(lambda: next(self._effects))
        return self

    def wake(self) -> None:
        """End the current rest, or the next one."""
        if self._rest is None:
            self._woken = True
        else:
            self._rest.cancel()
            self._rest = self._process.set_timer(0.0, self._go_on)

    def _step(self, step: Callable[[], Effect]) -> None:
        try:
            effect = step()
        except StopIteration as end:
            self._then(end.value)
        except TicTacToeError as error:
            if self._fail is None:
                raise
            self._fail(error)
        else:
            self._perform(effect)

    def _perform(self, effect: Effect) -> None:
        if isinstance(effect, RemoteCall):
            self._process.call(
                REPLICATION,
                effect.method,
                *effect.arguments,
                timeout_s=self._timeout_s,
                then=self._send,
                fail=self._throw,
            )
        elif isinstance(effect, WithCommitLock):
            check(self._run_with_commit_lock is not None, "the procedure needs a commit lock, and has none")
            self._run_with_commit_lock(effect.effects, self._send, self._throw)  # type: ignore[misc]  # checked above
        else:
            rest_s = 0.0 if self._woken else effect.seconds
            self._woken = False
            self._rest = self._process.set_timer(rest_s, self._go_on)

    def _send(self, value: Any) -> None:
        self._step(lambda: self._effects.send(value))

    def _throw(self, error: TicTacToeError) -> None:
        self._step(lambda: self._effects.throw(error))

    def _go_on(self) -> None:
        self._rest = None
        self._send(None)
