"""Measured calls: how many a second, how long each took, and what they cost the servers.

A process of callers carries out a task for some seconds. Its result has the measured ``seconds``, the number of
``commands``, and ``took_s``, the durations that count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.figures import Round
from bench.processor_time import US, Pids, each_us, used_by
from verify.testbed.percentiles import percentile
from verify.testbed.task_processes import TaskProcess, each_does


@dataclass(frozen=True)
class Calls:
    """The calls of all processes during one measurement."""

    per_s: float
    took_s: Sequence[float]
    processor_us: Mapping[str, float]
    """The processor time for each command, by server."""

    @property
    def p50_us(self) -> float:
        """Return the median duration of a call."""
        return percentile(self.took_s, 50) * US

    def p50_beside(self, yardstick: Calls, unit: float = US) -> Round:
        """Return the median durations of these calls and of the yardstick's. ``unit``: how many are a second."""
        own, other = (percentile(calls.took_s, 50) * unit for calls in (self, yardstick))
        return Round(own, other, {**self.processor_us, **yardstick.processor_us})

    def rate_beside(self, yardstick: Calls) -> Round:
        """Return how many calls a second these are and the yardstick's are."""
        return Round(self.per_s, yardstick.per_s, {**self.processor_us, **yardstick.processor_us})


def measure(pids: Pids, tasks: Sequence[tuple[TaskProcess, Mapping[str, object]]]) -> Calls:
    """Carry out the tasks at once, and measure the processes meanwhile."""
    results, used_s = used_by(pids, lambda: each_does(tasks))
    return Calls(
        sum(result["commands"] / result["seconds"] for result in results),
        [took_s for result in results for took_s in result["took_s"]],
        each_us(used_s, sum(result["commands"] for result in results)),
    )
