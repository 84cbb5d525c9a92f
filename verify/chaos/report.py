"""The report of a chaos run, as a value, as JSON and as Markdown. It only presents results."""

from __future__ import annotations

import itertools
import json
import platform
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from verify.chaos.nemesis import InjectedFault
from verify.testbed.markdown import table
from verify.testbed.percentiles import percentiles

SHOWN = 50
COUNTED = ("lost", "doubled", "out_of_order", "not_linearizable", "undecided")


@dataclass(frozen=True)
class ChaosReport:
    """The results of one run. ``clean`` is the verdict."""

    command: str
    seed: int
    seconds: float
    """How long faults were injected, in seconds."""
    injected_faults: Sequence[InjectedFault]
    accepted: Sequence[tuple[float, float]]
    """For each acknowledged move: when it was sent and when it was acknowledged."""
    findings: Mapping[str, Sequence[str]]
    """By name of the check: a sentence for each violation."""
    complaints: Sequence[str]
    """Further defects: servers that did not recover, games without an end, impossible answers."""
    games_finished: int
    games_begun: int
    rooms: int
    clients: int
    calls: int
    unanswered: Mapping[str, int]
    moves_acked: int
    started_from_outside: int
    skipped: Mapping[str, str]
    """The kinds of faults that could not be injected, and why."""

    @property
    def clean(self) -> bool:
        """Return whether there is no finding, every game that began was finished, and at least one move was
        acknowledged.
        """
        nothing_found = not self.complaints and not any(self.findings.values())
        return nothing_found and self.games_finished == self.games_begun > 0 and self.moves_acked > 0

    @property
    def faults(self) -> dict[str, int]:
        """Return how many faults of each kind hit a process."""
        return dict(Counter(injected.fault.kind.value for injected in self.injected_faults if injected.hit))

    def recoveries(self) -> dict[str, dict[str, float | None]]:
        """Return recovery times in milliseconds, by kind of fault and by role.

        A recovery ends with the next accepted move that was sent after the fault, in any room.
        """
        moves = sorted(self.accepted)
        sent = [move[0] for move in moves]
        times: dict[str, list[float]] = {}
        for injected in self.injected_faults:
            after = moves[bisect_left(sent, injected.at) :]
            if injected.hit and after:
                took_ms = (min(accepted_at for _, accepted_at in after[:200]) - injected.at) * 1000
                for name in _names_of(injected):
                    times.setdefault(name, []).append(took_ms)
        return {name: percentiles(values) for name, values in sorted(times.items())}

    @property
    def longest_stall(self) -> tuple[float, float]:
        """Return the longest time without an accepted move, between the first and the last fault.

        The second value is its beginning. Both are in seconds; the beginning counts from the first fault.
        """
        if not self.injected_faults:
            return 0.0, 0.0
        first, last = self.injected_faults[0].at, self.injected_faults[-1].at
        moments = [first, *sorted(at for _, at in self.accepted if first < at < last), last]
        return max((later - earlier, earlier - first) for earlier, later in itertools.pairwise(moments))

    def as_plain(self) -> dict[str, object]:
        """Return the report as a dictionary for JSON."""
        return {
            "clean": self.clean,
            "command": self.command,
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "faults": sum(self.faults.values()),
            "faults_by_kind": self.faults,
            "faults_that_found_nobody": sum(not injected.hit for injected in self.injected_faults),
            "started_from_outside": self.started_from_outside,
            "longest_stall_s": round(self.longest_stall[0], 1),
            "longest_stall_began_at_s": round(self.longest_stall[1], 1),
            "games_begun": self.games_begun,
            "games_finished": self.games_finished,
            "moves_acked": self.moves_acked,
            "calls": self.calls,
            "calls_without_an_answer": dict(self.unanswered),
            "rooms": self.rooms,
            "clients": self.clients,
            **{name: len(self.findings.get(name, ())) for name in COUNTED},
            "findings": {name: list(found) for name, found in self.findings.items() if found},
            "complaints": list(self.complaints),
            "recovery_ms": self.recoveries(),
            "skipped": dict(self.skipped),
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()}",
        }

    def as_markdown(self) -> str:
        """Return the report as Markdown for people."""
        plain = self.as_plain()
        lines = [
            "# Chaos",
            "",
            f"`{self.command}`, seed {self.seed}: **{'clean' if self.clean else 'NOT CLEAN'}**.",
            "",
            *table(("what", "how many"), [(name.replace("_", " "), plain[name]) for name in _ROWS]),
            *table(("fault", "how often"), sorted(self.faults.items())),
            "From a fault to the next accepted move, anywhere, in milliseconds:",
            "",
            *table(
                ("fault", "p50", "p99", "max"),
                [(name, times["p50"], times["p99"], times["max"]) for name, times in self.recoveries().items()],
            ),
        ]
        for kind, why in self.skipped.items():
            lines += ["", f"Skipped: {kind}. {why}"]
        found = [f"{name}: {sentence}" for name, sentences in self.findings.items() for sentence in sentences]
        shown = [*self.complaints, *found]
        lines += ["", *(f"- {sentence}" for sentence in shown[:SHOWN])]
        if len(shown) > SHOWN:
            lines.append(f"- and {len(shown) - SHOWN} more")
        lines += ["", f"Python {plain['python']}, {plain['system']}."]
        return "\n".join(lines) + "\n"

    def write(self, file: Path) -> None:
        """Write the report as JSON, and as Markdown next to it."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.with_suffix(".json").write_text(json.dumps(self.as_plain(), indent=2) + "\n")
        file.with_suffix(".md").write_text(self.as_markdown())


_ROWS = (
    "seconds",
    "faults",
    "faults_that_found_nobody",
    "started_from_outside",
    "longest_stall_s",
    "longest_stall_began_at_s",
    "games_begun",
    "games_finished",
    "moves_acked",
    *COUNTED,
    "calls",
    "rooms",
    "clients",
)


def _names_of(injected: InjectedFault) -> tuple[str, ...]:
    """Return the rows of the recovery table that a fault belongs to."""
    kind = injected.fault.kind.value
    return (kind, f"{kind}: {', '.join(injected.fault.roles)}") if injected.fault.roles else (kind,)
