"""The yardsticks of one run: servers that use Pyro4 alone, and the processes that call them.

``lone_echo`` is measured again and again during a run. A run is quiet if it hardly changes (``conditions``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench.processor_time import US, Pids, each_us, used_by
from verify.testbed.percentiles import percentile
from verify.testbed.task_processes import TaskProcess, each_does, task_processes

BARE = "wire/rpc/bare.py"
ECHO, FIRST, SECOND = "echo", "chain A", "chain B"
"""Names of the servers in the report."""
WARM_UP_S = 0.1


@dataclass(frozen=True)
class Yardstick:
    """A measured yardstick: calls a second, the median duration of a call, and the processor time a call, by server."""

    per_s: float
    p50_us: float
    processor_us: dict[str, float]


@dataclass(frozen=True)
class BareServer:
    """A server, the processes that run it, and the processes that can call it."""

    port: int
    pids: Pids
    callers: Sequence[TaskProcess]

    def measure(self, shares: Sequence[int], seconds: float) -> Yardstick:
        """Call for ``seconds``; each process that calls has its share of pairs of connections."""
        tasks = [
            (caller, {"port": self.port, "pairs": share, "seconds": seconds})
            for caller, share in zip(self.callers, shares, strict=False)
            if share
        ]
        results, used_s = used_by(self.pids, lambda: each_does(tasks))
        took_s = [one for result in results for one in result["took_s"]]
        per_s = sum(result["commands"] / result["seconds"] for result in results)
        return Yardstick(per_s, percentile(took_s, 50) * US, each_us(used_s, len(took_s)))


@dataclass(frozen=True)
class Yardsticks:
    """All yardsticks of a run."""

    echo: BareServer
    chain: BareServer
    lone_echoes: list[Yardstick] = field(default_factory=list)
    """All that ``lone_echo`` has measured in this run."""

    def lone_echo(self, seconds: float) -> Yardstick:
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
