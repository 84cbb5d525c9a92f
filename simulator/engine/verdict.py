"""What one schedule came to, and many of them together: values, and what they look like to people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Verdict:
    """What became of one schedule."""

    seed: int
    findings: tuple[str, ...]
    """What went wrong, one sentence each, with the check that found it in front; none if nothing did."""
    calls: int
    faults: Counter[str]
    seconds: float
    """Virtual time that passed."""
    trace: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether nothing went wrong."""
        return not self.findings


Simulate = Callable[[int, bool], Verdict]
"""Runs the schedule of a seed, with its time line if asked for."""


@dataclass
class VerdictCounts:
    """Many schedules."""

    schedules: int = 0
    calls: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    failed: list[Verdict] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        """Count one more in."""
        self.schedules += 1
        self.calls += verdict.calls
        self.seconds += verdict.seconds
        self.faults += verdict.faults
        if not verdict.clean:
            self.failed.append(verdict)


def tally(verdicts: Iterable[Verdict]) -> VerdictCounts:
    """All of them together."""
    together = VerdictCounts()
    for verdict in verdicts:
        together.add(verdict)
    return together
