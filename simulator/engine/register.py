"""A replicated register, to test your own algorithms: clients, the server interface, and the fault schedule.

Write a subclass of ``RegisterServer`` and pass it to ``run_register``. Clients read and write at random through any
server, while servers crash, pause and are cut off. The history is then checked for linearizability. See
``simulator/examples``.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator.engine.event_trace import EventTrace
from simulator.engine.fault_schedule import FaultSchedule, Injection, ScheduledFault
from simulator.engine.network import NetworkConditions
from simulator.engine.node import Node, Timer
from simulator.engine.simulation import Simulation
from simulator.engine.verdict import Verdict
from verify.history import linearizability
from verify.history.models import Read, RegisterSpecification, Write
from verify.history.record import Call

SERVERS = ("n1", "n2", "n3")
CLIENTS = ("ada", "bob", "eve")
FAULTS_S = 4.0
PATIENCE_S = 4.0
WRITES = 0.5
ANSWER_S = 0.5
"""How long a client waits for an answer, in seconds. Then it sends its next request."""


@dataclass(frozen=True)
class Ask:
    """A request of a client: a read (``value`` is None) or a write."""

    request: str
    value: int | None


@dataclass(frozen=True)
class Answer:
    """The answer: the value that was read or written."""

    request: str
    value: int | None


@dataclass(frozen=True)
class PendingRequest:
    """An open request, and the client that gets its answer."""

    client: str
    request: str


class RegisterServer(Node):
    """A server of the register. The register's first value is None.

    A subclass defines ``read`` and ``write``, which must lead to a call of ``answer``. It defines ``on_<Message>`` for
    the messages between servers. A duplicate request is passed on only once.
    """

    @property
    def others(self) -> tuple[str, ...]:
        """Return the names of the other servers."""
        return tuple(name for name in SERVERS if name != self.name)

    def read(self, ticket: PendingRequest) -> None:
        """Read the register's value for a client."""
        raise NotImplementedError

    def write(self, ticket: PendingRequest, value: int) -> None:
        """Write a new value for a client."""
        raise NotImplementedError

    def answer(self, ticket: PendingRequest, value: int | None) -> None:
        """Send a client the value that it read, or the acknowledgement of its write."""
        self.send(ticket.client, Answer(ticket.request, value))

    def on_Ask(self, request: Ask, sender: str) -> None:  # noqa: N802  # named after the message
        """Pass a request on once. Request ids are on disk, so a duplicate is ignored even after a crash."""
        if self.disk.read(request.request) is not None:
            return
        self.disk.write(request.request, "taken")
        self.disk.sync()
        ticket = PendingRequest(sender, request.request)
        if request.value is None:
            self.read(ticket)
        else:
            self.write(ticket, request.value)


class RegisterClient(Node):
    """Reads and writes at random servers, one request at a time, and records every call."""

    def __init__(self, calls: list[Call[Read | Write]], new_value: Callable[[], int]) -> None:
        self._calls = calls
        self._new_value = new_value
        self._requests = 0
        # The open request: its id, its index in ``calls``, its timeout. None between two requests.
        self._waiting: tuple[str, int, Timer] | None = None

    def start(self) -> None:
        self._rng: random.Random = self.new_rng()
        self._ask()

    def _ask(self) -> None:
        self._requests += 1
        request = f"{self.name}-{self._requests}"
        value = self._new_value() if self._rng.random() < WRITES else None
        # A call without an answer may take effect at any time. So each call counts as a client of its own.
        self._calls.append(Call(request, Read() if value is None else Write(value), self.now))
        timer = self.set_timer(ANSWER_S, self._go_on)
        self._waiting = (request, len(self._calls) - 1, timer)
        self.send(self._rng.choice(SERVERS), Ask(request, value))

    def on_Answer(self, answer: Answer, _sender: str) -> None:  # noqa: N802
        """Record the first answer. Late and duplicate answers are ignored."""
        if self._waiting is None or self._waiting[0] != answer.request:
            return
        _, number, timer = self._waiting
        timer.cancel()
        call = self._calls[number]
        answered = answer.value if isinstance(call.operation, Read) else None
        self._calls[number] = Call(call.client, call.operation, call.sent_at, self.now, answered)
        self._go_on()

    def _go_on(self) -> None:
        self._waiting = None
        if self.now < FAULTS_S + PATIENCE_S / 2:
            self.set_timer(self._rng.uniform(0.0, 0.2), self._ask)


def run_register(make: Callable[[], RegisterServer], seed: int, traced: bool = False) -> Verdict:
    """Run one schedule of a register: clients, servers and faults from the seed, then the check."""
    simulation = Simulation(
        f"register/{seed}", conditions=NetworkConditions(straggle=0.1, duplicate=0.02), trace=EventTrace(on=traced)
    )
    calls: list[Call[Read | Write]] = []
    values = iter(range(1, 1_000_000))
    for name in SERVERS:
        simulation.add(name, make)
    for name in CLIENTS:
        simulation.add(name, lambda: RegisterClient(calls, lambda: next(values)))
    fault_schedule = FaultSchedule(simulation, _faults(simulation), most_gap_s=0.8, name="storm")
    fault_schedule.begin()
    simulation.run(FAULTS_S)
    fault_schedule.end()
    simulation.network.restore()
    simulation.run(FAULTS_S + PATIENCE_S)
    findings = list(simulation.failures)
    late = [call for call in calls if call.answered_at is None and call.sent_at > FAULTS_S + PATIENCE_S / 4]
    if late:
        findings.append(f"liveness: {len(late)} calls were not answered although all servers run")
    result = linearizability.check(RegisterSpecification(), relevant_calls(calls))
    if not result.linearizable:
        findings.append(f"linearizability: {result}")
    return Verdict(
        seed,
        tuple(findings),
        len(calls),
        Counter(fault_schedule.injected),
        simulation.now,
        tuple(simulation.trace.lines),
    )


def relevant_calls(calls: Sequence[Call[Read | Write]]) -> list[Call[Read | Write]]:
    """Drop the calls without an answer and without a visible effect.

    A valid order of all calls stays valid without them.
    """
    seen = {call.answer for call in calls if isinstance(call.operation, Read)}
    return [
        call
        for call in calls
        if call.answered_at is not None or (isinstance(call.operation, Write) and call.operation.value in seen)
    ]


def _faults(simulation: Simulation) -> list[ScheduledFault]:
    def crash(rng: random.Random) -> Injection:
        name = rng.choice(SERVERS)
        if simulation.is_alive(name):
            simulation.crash(name)
            yield
            simulation.start(name)

    def pause(rng: random.Random) -> Injection:
        name = rng.choice(SERVERS)
        simulation.pause(name)
        yield
        simulation.wake(name)

    def cut(rng: random.Random) -> Injection:
        one, other = rng.sample(SERVERS, 2)
        for pair in ((one, other), (other, one)):
            simulation.network.cut(*pair)
        yield
        for pair in ((one, other), (other, one)):
            simulation.network.mend(*pair)

    return [
        ScheduledFault("crash", 3, crash, 0.05, 0.8),
        ScheduledFault("pause", 2, pause, 0.05, 0.8),
        ScheduledFault("cut", 3, cut, 0.05, 0.8),
    ]
