"""The result of one schedule, and the sum of many. Values only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Verdict:
    """The result of one schedule."""

    seed: int
    findings: tuple[str, ...]
    """The violations, a sentence each, starting with the name of the check. Empty if there are none."""
    calls: int
    faults: Counter[str]
    seconds: float
    """The virtual time that passed, in seconds."""
    trace: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Return whether there are no findings."""
        return not self.findings


@dataclass
class VerdictCounts:
    """The sum of many schedules."""

    schedules: int = 0
    calls: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    failed: list[Verdict] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        """Add the verdict of a schedule."""
        self.schedules += 1
        self.calls += verdict.calls
        self.seconds += verdict.seconds
        self.faults += verdict.faults
        if not verdict.clean:
            self.failed.append(verdict)
