"""The yardsticks of one run: servers that use Pyro4 alone, and the processes that call them.

``lone_echo`` is measured again and again during a run. A run is quiet if it hardly changes (``conditions``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench.calls import Calls, measure
from bench.processor_time import Pids
from verify.testbed.task_processes import TaskProcess, task_processes

BARE = "wire/rpc/bare.py"
ECHO, FIRST, SECOND = "echo", "chain A", "chain B"
"""Names of the servers in the report."""


@dataclass(frozen=True)
class BareServer:
    """A server, the processes that run it, and the processes that can call it."""

    port: int
    pids: Pids
    callers: Sequence[TaskProcess]

    def measure(self, shares: Sequence[int], seconds: float) -> Calls:
        """Call for ``seconds``; each process that calls has its share of pairs of connections."""
        shared = zip(self.callers, shares, strict=False)
        tasks = [(caller, {"port": self.port, "pairs": pairs, "seconds": seconds}) for caller, pairs in shared if pairs]
        return measure(self.pids, tasks)


@dataclass(frozen=True)
class Yardsticks:
    """All yardsticks of a run."""

    echo: BareServer
    chain: BareServer
    lone_echoes: list[Calls] = field(default_factory=list)
    """All that ``lone_echo`` has measured in this run."""

    def lone_echo(self, seconds: float) -> Calls:
        """Measure calls by one pair of connections."""
        self.lone_echoes.append(self.echo.measure([1], seconds))
        return self.lone_echoes[-1]


@contextlib.contextmanager
def yardsticks(processes: int) -> Iterator[Yardsticks]:
    """Start the servers, and ``processes`` processes that call them."""
    with contextlib.ExitStack() as stack:

        def start(*words: str) -> tuple[int, int]:
            (server,) = stack.enter_context(task_processes(1, BARE, *words))
            return int(server.line()), server.pid

        echo_port, echo = start("echo")
        second_port, second = start("append")
        first_port, first = start("forward", str(second_port))
        callers = stack.enter_context(task_processes(processes, BARE, "call"))
        yield Yardsticks(
            BareServer(echo_port, {ECHO: echo}, callers),
            BareServer(first_port, {FIRST: first, SECOND: second}, callers),
        )
