"""The benchmark's results and targets, as values. Pure.

A figure is measured in several rounds. Its value is the median, with the lowest and the highest round beside it. A
yardstick is measured in the same rounds, alternately. The ratio is the median of the rounds' ratios, so that other load
on the machine affects both sides.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Literal

Bound = Literal["at most", "at least"]


@dataclass(frozen=True)
class Round:
    """The value of one measurement, and that of the yardstick, if there is one."""

    value: float
    yardstick: float | None = None

    @property
    def ratio(self) -> float | None:
        """Return the value divided by the yardstick, or None without a yardstick."""
        return None if not self.yardstick else self.value / self.yardstick


@dataclass(frozen=True)
class FigureRow:
    """One row of the table."""

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
        """Return the median of the rounds."""
        return statistics.median(one.value for one in self.rounds)

    @property
    def yardstick(self) -> float | None:
        """Return the yardstick's median, or None."""
        known = [one.yardstick for one in self.rounds if one.yardstick is not None]
        return statistics.median(known) if known else None

    @property
    def ratio(self) -> float | None:
        """Return the median of the rounds' ratios, or None."""
        known = [one.ratio for one in self.rounds if one.ratio is not None]
        return statistics.median(known) if known else None

    @property
    def spread(self) -> tuple[float, float]:
        """Return the lowest and the highest round of the number that is compared with the target."""
        held = [one.value if one.ratio is None else one.ratio for one in self.rounds]
        return min(held), max(held)

    @property
    def holds(self) -> bool | None:
        """Return whether the target is met, or None without a target.

        With a yardstick the ratio counts, otherwise the value.
        """
        if self.target is None:
            return None
        held = self.value if self.ratio is None else self.ratio
        return held <= self.target if self.bound == "at most" else held >= self.target

    def as_plain(self) -> dict[str, object]:
        """Return the row as a dictionary for JSON."""
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
