"""The benchmark's results as values, and what they are held against: pure.

A figure is measured in several rounds; what counts is the median of the rounds, with the lowest and the highest beside
it. Where there is a yardstick, it is measured in the same rounds, by turns, and the ratio is the median of the rounds'
ratios: what else the machine does falls on both.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Literal

Bound = Literal["at most", "at least"]


@dataclass(frozen=True)
class Round:
    """What was measured once, and beside it, if there is one, the yardstick."""

    value: float
    yardstick: float | None = None

    @property
    def ratio(self) -> float | None:
        """How often the yardstick goes into the value."""
        return None if not self.yardstick else self.value / self.yardstick


@dataclass(frozen=True)
class FigureRow:
    """One line of the table."""

    name: str
    what: str
    unit: str
    rounds: tuple[Round, ...]
    yardstick_is: str = ""
    target: float | None = None
    bound: Bound = "at most"
    note: str = ""

    @property
    def value(self) -> float:
        """The median of the rounds."""
        return statistics.median(one.value for one in self.rounds)

    @property
    def yardstick(self) -> float | None:
        """The yardstick's median, if there is one."""
        known = [one.yardstick for one in self.rounds if one.yardstick is not None]
        return statistics.median(known) if known else None

    @property
    def ratio(self) -> float | None:
        """The median of the rounds' ratios."""
        known = [one.ratio for one in self.rounds if one.ratio is not None]
        return statistics.median(known) if known else None

    @property
    def spread(self) -> tuple[float, float]:
        """The lowest and the highest round of what is held against the target."""
        held = [one.value if one.ratio is None else one.ratio for one in self.rounds]
        return min(held), max(held)

    @property
    def holds(self) -> bool | None:
        """Whether the target is met: by the ratio if there is a yardstick, else by the value. None without a target."""
        if self.target is None:
            return None
        held = self.value if self.ratio is None else self.ratio
        return held <= self.target if self.bound == "at most" else held >= self.target

    def as_plain(self) -> dict[str, object]:
        """The row for machines."""
        return {
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "yardstick": self.yardstick,
            "yardstick_is": self.yardstick_is,
            "ratio": self.ratio,
            "spread": list(self.spread),
            "rounds": len(self.rounds),
            "target": self.target,
            "bound": self.bound,
            "holds": self.holds,
            "note": self.note,
        }
