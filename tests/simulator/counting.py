"""The sum of many verdicts."""

from __future__ import annotations

from collections.abc import Iterable

from simulator.engine.verdict import Verdict, VerdictCounts


def tally(verdicts: Iterable[Verdict]) -> VerdictCounts:
    """The sum of all verdicts."""
    together = VerdictCounts()
    for verdict in verdicts:
        together.add(verdict)
    return together
