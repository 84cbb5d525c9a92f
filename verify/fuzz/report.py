"""The results of an attack, as values, and the report as JSON or Markdown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from verify.fuzz.attack import AttackCounts, FuzzPlan
from verify.testbed.markdown import table
from verify.testbed.percentiles import percentiles
from wire import NAME_SERVER

MOST_GROWTH_MB = 200.0
"""How much a server's memory may grow under attack, in MB."""


@dataclass
class Memory:
    """A server's memory in MB: before, highest, after."""

    before: float
    highest: float
    after: float = 0.0


@dataclass
class FuzzReport:
    """The results of an attack."""

    plan: FuzzPlan
    seconds: float = 0.0
    tally: AttackCounts = field(default_factory=AttackCounts)
    before: Mapping[str, tuple[int, float] | None] = field(default_factory=dict)
    after: Mapping[str, tuple[int, float] | None] = field(default_factory=dict)
    memory: dict[str, Memory] = field(default_factory=dict)
    latencies_ms: Mapping[str, Sequence[float]] = field(default_factory=dict)
    moves: int = 0
    changed: list[str] = field(default_factory=list)
    """Changes that hostile input made. Each sentence is one case."""
    lost: list[str] = field(default_factory=list)
    """The findings in the honest players' histories, and the clients among them that gave up."""
    healthy: bool = False

    @property
    def deaths(self) -> dict[str, int]:
        """Return for each role whether its process was replaced or ended: 1 or 0."""
        return {role: int(self.after.get(role) != process) for role, process in self.before.items()}

    @property
    def findings(self) -> list[str]:
        """Return all defects. A replaced name server is none: it is the stock one, not part of the project."""
        died = [
            f"the process of {role} ended or was replaced"
            for role, count in self.deaths.items()
            if count and role != NAME_SERVER
        ]
        large = [
            f"the memory of {role} grew from {memory.before:.0f} MB to {memory.highest:.0f} MB"
            for role, memory in self.memory.items()
            if role != NAME_SERVER and memory.highest - memory.before > MOST_GROWTH_MB
        ]
        broken = [] if self.healthy else ["cluster not healthy after the attack"]
        return [*died, *self.changed, *self.lost, *large, *broken, *self.tally.findings]

    @property
    def clean(self) -> bool:
        """Return whether nothing was found and the honest players moved in every phase."""
        return not self.findings and all(self.latencies_ms.get(phase) for phase in ("calm", "attack"))

    def as_plain(self) -> dict[str, object]:
        """Return the report as a dictionary for JSON."""
        return {
            "clean": self.clean,
            "seconds": round(self.seconds, 1),
            "inputs": sum(self.tally.inputs.values()),
            "inputs_by_kind": dict(sorted(self.tally.inputs.items())),
            "answers_by_code": dict(sorted(self.tally.answers.items())),
            "deaths": self.deaths,
            "processes_before": dict(self.before),
            "processes_after": dict(self.after),
            "state_changed": len(self.changed),
            "memory_mb": {role: {k: round(v, 1) for k, v in vars(m).items()} for role, m in self.memory.items()},
            "honest_moves_acked": self.moves,
            "honest_move_ms": {phase: percentiles(values) for phase, values in self.latencies_ms.items()},
            "findings": self.findings,
            **vars(self.plan),
        }


def write(report: FuzzReport, file: Path) -> None:
    """Write the report: as Markdown if the file's name ends in ``.md``, otherwise as JSON."""
    text = _as_markdown(report) if file.suffix == ".md" else json.dumps(report.as_plain(), indent=2) + "\n"
    file.write_text(text)


def _as_markdown(report: FuzzReport) -> str:
    plan = report.plan
    total = sum(report.tally.inputs.values())
    lines = [
        "# Hostile input",
        "",
        f"{total:,} inputs in {report.seconds:.0f} s (seed {plan.seed}), {plan.attackers} attackers beside"
        f" {plan.rooms} rooms of honest players. {'Clean.' if report.clean else 'Not clean.'}",
        "",
        *table(("input", "count"), sorted(report.tally.inputs.items())),
        *table(("answered with", "count"), sorted(report.tally.answers.items())),
        *table(
            ("server", "died", "MB before", "highest", "after"),
            [
                (role, count, *(f"{value:.1f}" for value in vars(report.memory[role]).values()))
                for role, count in report.deaths.items()
                if role in report.memory
            ],
        ),
        *table(
            ("honest moves", "count", "p50 ms", "p99 ms", "max ms"),
            [(phase, len(values), *percentiles(values).values()) for phase, values in report.latencies_ms.items()],
        ),
        f"Honest moves acknowledged: {report.moves:,}. State changed by hostile input: {len(report.changed)}.",
        "",
        "## Findings",
        "",
        *([f"- {finding}" for finding in report.findings] or ["None."]),
    ]
    return "\n".join(lines) + "\n"
