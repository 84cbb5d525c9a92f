"""Calls between simulated processes: a question, its answer or its error, as over a real connection.

What is asked and answered travels as bytes, in the serializer of the real wire, so nothing is shared by accident and
everything arrives in the shape it has there. A connection leads to one life of a process and breaks with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgpack

from game.errors import TicTacToeError, check
from server.runtime.effects import Conversation, RemoteCall, Wish, WithCommitLock
from simulator.engine.node import Incarnation, Node, Timer
from simulator.engine.simulation import Simulation
from wire import REPLICATION
from wire.errors import DeadlineExceeded, Unreachable, error_from

Then = Callable[[Any], None]
Fail = Callable[[TicTacToeError], None]


@dataclass(frozen=True, slots=True)
class Request:
    """A call; ``caller`` is the life to which the answer goes."""

    caller: Incarnation
    number: int
    method: str
    body: bytes

    def __str__(self) -> str:
        return f"{self.number}? {self.method}{_shown(unpack(self.body))}"


@dataclass(frozen=True, slots=True)
class RpcReply:
    """The answer to a call, or with a code the error."""

    number: int
    code: str
    body: bytes

    def __str__(self) -> str:
        return f"{self.number}! {self.code}{_shown(unpack(self.body))}"


def pack(value: object) -> bytes:
    """A value as it goes over the wire."""
    packed: bytes = msgpack.packb(value)
    return packed


def unpack(body: bytes) -> Any:
    """The value as it arrives."""
    return msgpack.unpackb(body, strict_map_key=False)


def _shown(value: object) -> str:
    text = str(tuple(value)) if isinstance(value, list) else f" {value}"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


_LONGEST_SHOWN = 160


def break_off(world: Any, sender: str, receiver: str, message: object) -> None:
    """Where nobody lives the machine answers: the caller's connection is refused, or breaks."""
    if isinstance(message, Request):
        reply = RpcReply(message.number, Unreachable.code, pack("nobody is there"))
        world.send(receiver, sender, reply, to=message.caller)


class Process(Node):
    """A node that calls and is called, and that holds conversations with the replica."""

    world: Simulation

    def __init__(self) -> None:
        self._calls: dict[int, tuple[str, Then, Fail, Timer]] = {}
        self._numbers = 0
        self._connections: dict[str, Incarnation] = {}
        self._unanswered: dict[tuple[Incarnation, int], Request] = {}

    # -- calling --------------------------------------------------------------------------------------------------

    def call(self, to: str, method: str, *arguments: object, timeout_s: float, then: Then, fail: Fail) -> None:
        """Call a method of another process; exactly one of ``then`` and ``fail`` hears of it."""
        self._numbers += 1
        number = self._numbers
        timer = self.set_timer(
            timeout_s, lambda: self._settle(number, lambda: fail(DeadlineExceeded(f"no answer in {timeout_s:g} s")))
        )
        self._calls[number] = (to, then, fail, timer)
        connection = self._connections.get(to)
        if connection is None and self.world.lives_now(to):
            connection = self._connections[to] = self.world.lives[to]
        receiver = to if connection is None else connection.name
        self.world.send(self.name, receiver, Request(self.life, number, method, pack(arguments)), to=connection)

    def connection_to(self, name: str) -> Incarnation | None:
        """The life to which the connection to that name leads, if there is one."""
        return self._connections.get(name)

    def on_Reply(self, reply: RpcReply, _sender: str) -> None:  # noqa: N802  # named after the message
        call = self._calls.get(reply.number)
        if call is None:
            return  # it was given up, or this is a duplicate
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
        """Hand the call to ``serve``, which answers now or later."""
        self._unanswered[request.caller, request.number] = request
        try:
            self.serve(request, request.method, unpack(request.body))
        except TicTacToeError as error:
            self.refuse(request, error)

    def serve(self, request: Request, method: str, arguments: list[Any]) -> None:
        """Answer a call with ``answer`` or ``refuse``, or raise what it fails with."""
        raise NotImplementedError

    def answer(self, request: Request, value: object) -> None:
        """The answer to a call that came."""
        self._reply(request, RpcReply(request.number, "", pack(value)))

    def refuse(self, request: Request, error: TicTacToeError) -> None:
        """The error that a call that came ends with."""
        self._reply(request, RpcReply(request.number, error.code, pack(error.message)))

    def _reply(self, request: Request, reply: RpcReply) -> None:
        self._unanswered.pop((request.caller, request.number), None)
        self.world.send(self.name, request.caller.name, reply, to=request.caller)

    def on_death(self) -> None:
        """The system closes the connections: whoever waits for an answer learns that none will come."""
        for request in list(self._unanswered.values()):
            break_off(self.world, request.caller.name, self.name, request)


InTurnOf = Callable[[Conversation[Any], Then, Fail], None]
"""Hold a conversation with the commit turn, then hear what it comes to or fails with."""


class Exchange:
    """A conversation with the replica under way: each wish is a call or a timer, and its end goes on with the next."""

    def __init__(
        self,
        process: Process,
        conversation: Conversation[Any],
        then: Then,
        fail: Fail | None = None,
        *,
        timeout_s: float,
        in_turn: InTurnOf | None = None,
    ) -> None:
        """``fail`` hears of the error that ends the conversation; without it that ends the process."""
        self._process = process
        self._conversation = conversation
        self._then = then
        self._fail = fail
        self._timeout_s = timeout_s
        self._in_turn = in_turn
        self._rest: Timer | None = None
        self._woken = False

    def begin(self) -> Exchange:
        """Say the first thing."""
        self._step(lambda: next(self._conversation))
        return self

    def wake(self) -> None:
        """End its rest, or its next one."""
        if self._rest is None:
            self._woken = True
        else:
            self._rest.cancel()
            self._rest = self._process.set_timer(0.0, self._go_on)

    def _step(self, step: Callable[[], Wish]) -> None:
        try:
            wish = step()
        except StopIteration as end:
            self._then(end.value)
        except TicTacToeError as error:
            if self._fail is None:
                raise
            self._fail(error)
        else:
            self._fulfil(wish)

    def _fulfil(self, wish: Wish) -> None:
        if isinstance(wish, RemoteCall):
            self._process.call(
                REPLICATION, wish.method, *wish.arguments, timeout_s=self._timeout_s, then=self._send, fail=self._throw
            )
        elif isinstance(wish, WithCommitLock):
            check(self._in_turn is not None, "this conversation is held where no turn can be taken")
            self._in_turn(wish.conversation, self._send, self._throw)  # type: ignore[misc]  # checked above
        else:
            rest_s = 0.0 if self._woken else wish.seconds
            self._woken = False
            self._rest = self._process.set_timer(rest_s, self._go_on)

    def _send(self, value: Any) -> None:
        self._step(lambda: self._conversation.send(value))

    def _throw(self, error: TicTacToeError) -> None:
        self._step(lambda: self._conversation.throw(error))

    def _go_on(self) -> None:
        self._rest = None
        self._send(None)
