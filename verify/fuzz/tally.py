"""Counts of an attack: inputs by kind, answers, and violations. Values only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_FINDINGS = 50
LEAKS = ("Traceback", "site-packages", ".py", "/home/", "/tmp/", "/root/", "sqlite", "Pyro4.")  # must not be in answers
_NEVER = frozenset({"internal_error", "invariant_broken", "storage_failed"})


@dataclass
class AttackCounts:
    """The counts of one attacker, or the sum of several."""

    inputs: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def count_input(self, kind: str, count: int = 1) -> None:
        """Count inputs of a kind."""
        self.inputs[kind] += count

    def count_answer(self, what: str, code: str, sentence: str) -> None:
        """Count the answer to a call: an error code, or "ok"."""
        self.answers[code] += 1
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
        """Add the counts of another."""
        self.inputs.update(other.inputs)
        self.answers.update(other.answers)
        for sentence in other.findings:
            self.add_finding(sentence)

    def as_plain(self) -> dict[str, object]:
        """Return the counts as a dictionary for JSON."""
        return {"inputs": dict(self.inputs), "answers": dict(self.answers), "findings": self.findings}


def counts_from(plain: Mapping[str, Any]) -> AttackCounts:
    """Build counts from such a dictionary."""
    return AttackCounts(Counter(plain["inputs"]), Counter(plain["answers"]), list(plain["findings"]))
