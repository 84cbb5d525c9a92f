"""What came of an attack: inputs by kind, what they were answered, and what must not have been. Values only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_FINDINGS = 50
LEAKS = ("Traceback", "site-packages", ".py", "/home/", "/tmp/", "/root/", "sqlite", "Pyro4.")  # looked for
_NEVER = frozenset({"internal_error", "invariant_broken", "storage_failed"})


@dataclass
class RefusalCounts:
    """Counted by one attacker, or put together from several."""

    inputs: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def sent(self, kind: str, count: int = 1) -> None:
        """That many inputs of a kind were sent."""
        self.inputs[kind] += count

    def answered(self, what: str, code: str, sentence: str) -> None:
        """A call was answered with an error (or, with code "ok", without one)."""
        self.answers[code] += 1
        if code in _NEVER:
            self.found(f"{what}: {code}: {sentence}")
        self.said(what, sentence)

    def said(self, what: str, text: str) -> None:
        """Something came back: nothing in it may tell of the servers' insides."""
        for leak in LEAKS:
            if leak in text:
                self.found(f"{what}: the answer has {leak!r}: {text[:200]}")

    def found(self, sentence: str) -> None:
        """Something that must not be."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(sentence)

    def add(self, other: RefusalCounts) -> None:
        """Take in another's count."""
        self.inputs.update(other.inputs)
        self.answers.update(other.answers)
        for sentence in other.findings:
            self.found(sentence)

    def as_plain(self) -> dict[str, object]:
        """The count as JSON knows it."""
        return {"inputs": dict(self.inputs), "answers": dict(self.answers), "findings": self.findings}


def tally_from(plain: Mapping[str, Any]) -> RefusalCounts:
    """The count that was written so."""
    return RefusalCounts(Counter(plain["inputs"]), Counter(plain["answers"]), list(plain["findings"]))
