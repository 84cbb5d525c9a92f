"""A replicated register for one's own algorithms: what clients ask, what servers must answer, and the storm.

Write a subclass of ``RegisterServer`` and hand it to ``run_register``: clients read and write at random through any of
the servers, while servers crash, stand still and are cut off, and the history of it all is checked for linearizability.
The examples show how.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator.engine.event_trace import EventTrace
from simulator.engine.fault_schedule import Fault, FaultSchedule, Undo
from simulator.engine.network import NetworkConditions
from simulator.engine.node import Node, Timer
from simulator.engine.simulation import Simulation
from simulator.engine.verdict import Verdict
from verify.history import linearizability
from verify.history.models import Read, RegisterSpecification, Write
from verify.history.record import Call

SERVERS = ("n1", "n2", "n3")
CLIENTS = ("ada", "bob", "eve")
STORM_S = 4.0
PATIENCE_S = 4.0
WRITES = 0.5
ANSWER_S = 0.5
"""How long a client waits for an answer before it goes on without."""


@dataclass(frozen=True)
class Ask:
    """A client reads (``value`` is None) or writes."""

    request: str
    value: int | None


@dataclass(frozen=True)
class Answer:
    """What became of it: the value read, or the value written."""

    request: str
    value: int | None


@dataclass(frozen=True)
class PendingRequest:
    """What a server has to answer, and to whom."""

    client: str
    request: str


class RegisterServer(Node):
    """One of the servers that keep the register together. At first its value is None.

    A subclass writes ``read`` and ``write``, which see to it that ``answer`` is called in the end, and ``on_<Message>``
    for what servers tell one another. A request that comes twice is handed on once.
    """

    @property
    def others(self) -> tuple[str, ...]:
        """The other servers."""
        return tuple(name for name in SERVERS if name != self.name)

    def read(self, ticket: PendingRequest) -> None:
        """Somebody wants to know the value."""
        raise NotImplementedError

    def write(self, ticket: PendingRequest, value: int) -> None:
        """Somebody gives the register a new value."""
        raise NotImplementedError

    def answer(self, ticket: PendingRequest, value: int | None) -> None:
        """Tell a client the value it read, or that its write is done."""
        self.send(ticket.client, Answer(ticket.request, value))

    def on_Ask(self, ask: Ask, sender: str) -> None:  # noqa: N802  # named after the message
        """A client asks; what the network brings a second time is no second request, also after a crash."""
        if self.disk.read(ask.request) is not None:
            return
        self.disk.write(ask.request, "taken")
        self.disk.sync()
        ticket = PendingRequest(sender, ask.request)
        if ask.value is None:
            self.read(ticket)
        else:
            self.write(ticket, ask.value)


class RegisterClient(Node):
    """Reads and writes, one after the other, each at a server of its choice; notes every call."""

    def __init__(self, calls: list[Call[Read | Write]], new_value: Callable[[], int]) -> None:
        self._calls = calls
        self._new_value = new_value
        self._asked = 0
        self._waiting: tuple[str, int, Timer] | None = None

    def start(self) -> None:
        self._dice: random.Random = self.chance()
        self._ask()

    def _ask(self) -> None:
        self._asked += 1
        request = f"{self.name}-{self._asked}"
        value = self._new_value() if self._dice.random() < WRITES else None
        # A call that is never answered may take effect at any time: whoever goes on is somebody else.
        self._calls.append(Call(request, Read() if value is None else Write(value), self.now))
        timer = self.set_timer(ANSWER_S, self._go_on)
        self._waiting = (request, len(self._calls) - 1, timer)
        self.send(self._dice.choice(SERVERS), Ask(request, value))

    def on_Answer(self, answer: Answer, _sender: str) -> None:  # noqa: N802
        """The first answer counts; one that comes late, or twice, is nobody's."""
        if self._waiting is None or self._waiting[0] != answer.request:
            return
        _, number, timer = self._waiting
        timer.cancel()
        asked = self._calls[number]
        answered = answer.value if isinstance(asked.operation, Read) else None
        self._calls[number] = Call(asked.client, asked.operation, asked.sent_at, self.now, answered)
        self._go_on()

    def _go_on(self) -> None:
        self._waiting = None
        if self.now < STORM_S + PATIENCE_S / 2:
            self.set_timer(self._dice.uniform(0.0, 0.2), self._ask)


def run_register(make: Callable[[], RegisterServer], seed: int, traced: bool = False) -> Verdict:
    """One schedule of somebody's register: clients, servers and a storm from the seed, and the check."""
    world = Simulation(
        f"register/{seed}", weather=NetworkConditions(straggle=0.1, duplicate=0.02), timeline=EventTrace(on=traced)
    )
    calls: list[Call[Read | Write]] = []
    values = iter(range(1, 1_000_000))
    for name in SERVERS:
        world.add(name, make)
    for name in CLIENTS:
        world.add(name, lambda: RegisterClient(calls, lambda: next(values)))
    storm = FaultSchedule(world, _blows(world), most_gap_s=0.8)
    storm.begin()
    world.run(STORM_S)
    storm.end()
    world.network.clear_up()
    world.run(STORM_S + PATIENCE_S)
    findings = list(world.failures)
    late = [call for call in calls if call.answered_at is None and call.sent_at > STORM_S + PATIENCE_S / 4]
    if late:
        findings.append(f"liveness: {len(late)} calls were not answered although all servers are there")
    result = linearizability.check(RegisterSpecification(), matter(calls))
    if not result.linearizable:
        findings.append(f"linearizability: {result}")
    return Verdict(seed, tuple(findings), len(calls), Counter(storm.struck), world.now, tuple(world.timeline.lines))


def matter(calls: Sequence[Call[Read | Write]]) -> list[Call[Read | Write]]:
    """Without the calls that have no answer and no effect that anybody saw: an order with them is one without, too."""
    seen = {call.answer for call in calls if isinstance(call.operation, Read)}
    return [
        call
        for call in calls
        if call.answered_at is not None or (isinstance(call.operation, Write) and call.operation.value in seen)
    ]


def _blows(world: Simulation) -> list[Fault]:
    def crash(chance: random.Random) -> Undo | None:
        name = chance.choice(SERVERS)
        if not world.lives_now(name):
            return None
        world.crash(name)
        return lambda: None if world.lives_now(name) else _start(world, name)

    def pause(chance: random.Random) -> Undo:
        name = chance.choice(SERVERS)
        world.pause(name)
        return lambda: world.wake(name)

    def cut(chance: random.Random) -> Undo:
        one, other = chance.sample(SERVERS, 2)
        world.network.cut(one, other)
        world.network.cut(other, one)

        def mend() -> None:
            world.network.mend(one, other)
            world.network.mend(other, one)

        return mend

    return [
        Fault("crash", 3, crash, 0.05, 0.8),
        Fault("pause", 2, pause, 0.05, 0.8),
        Fault("cut", 3, cut, 0.05, 0.8),
    ]


def _start(world: Simulation, name: str) -> None:
    world.start(name)
