"""The plan of an attack, the task of one attacker, and the counts that it returns. Values only.

Tasks and counts go from process to process as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from verify.testbed.attack_surface import AttackedPort

MOST_FINDINGS = 50
LEAKS = ("Traceback", "site-packages", ".py", "/home/", "/tmp/", "/root/", "sqlite", "Pyro4.")  # must not be in answers
_NEVER = frozenset({"internal_error", "invariant_broken", "storage_failed"})


@dataclass(frozen=True)
class FuzzPlan:
    """The plan of the whole attack."""

    inputs: int = 20_000
    seed: int = 1
    rooms: int = 3
    rounds: int = 3
    """How many times calm and attack alternate."""
    attackers: int = 2
    flood: int = 1000
    """Simultaneous connections from one host. Fewer when there are less than ten times as many inputs."""


@dataclass(frozen=True)
class AttackerTask:
    """The task of one attacker process in one round. Equal tasks give equal inputs."""

    seed: str
    inputs: int
    flood: int
    ports: list[AttackedPort]
    rooms: list[str]
    names: list[str]
    name: str
    token: str
    """The token of the attacker's own username. The attacker misuses it."""


@dataclass
class AttackCounts:
    """The inputs by kind, the answers by code and the violations of one attacker, or of several together."""

    inputs: dict[str, int] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    def count_input(self, kind: str, count: int = 1) -> None:
        """Count inputs of a kind."""
        self.inputs[kind] = self.inputs.get(kind, 0) + count

    def count_answer(self, what: str, code: str, sentence: str) -> None:
        """Count the answer to a call: an error code, or "ok"."""
        self.answers[code] = self.answers.get(code, 0) + 1
        if code in _NEVER:
            self.add_finding(f"{what}: {code}: {sentence}")
        self.check_for_leaks(what, sentence)

    def check_for_leaks(self, what: str, text: str) -> None:
        """Check bytes that came back. They must not reveal the servers' internals."""
        for leak in LEAKS:
            if leak in text:
                self.add_finding(f"{what}: the answer reveals {leak!r}: {text[:200]}")

    def add_finding(self, sentence: str) -> None:
        """Record a violation."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(sentence)

    def add(self, other: AttackCounts) -> None:
        """Add the counts of another attacker."""
        for kind, count in other.inputs.items():
            self.count_input(kind, count)
        for code, count in other.answers.items():
            self.answers[code] = self.answers.get(code, 0) + count
        for sentence in other.findings:
            self.add_finding(sentence)
