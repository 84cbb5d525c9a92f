"""The benchmark's results and targets, as values. Pure.

A figure is measured in several rounds. Its value is the median, with the lowest and the highest round beside it. A
yardstick is measured in the same rounds, alternately. The ratio is the median of the rounds' ratios, so that other load
on the machine affects both sides. Processor time is beside both.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Bound = Literal["at most", "at least"]


@dataclass(frozen=True)
class Round:
    """The value of one measurement, and that of the yardstick, if there is one."""

    value: float
    yardstick: float | None = None
    processor_us: Mapping[str, float] = field(default_factory=dict)
    """The processor time that each server used for one command, by the server's short name, in microseconds."""

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
    reach: float | None = None
    """A better value than the target, which need not hold."""
    absolute: bool = False
    """Whether the target is for the value, although there is a yardstick."""
    processor_for: str = "a command"
    """What the processor time is for."""

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
    def processor_us(self) -> dict[str, float]:
        """Return the medians of the processor times, in microseconds, by server."""
        names = dict.fromkeys(name for one in self.rounds for name in one.processor_us)
        return {name: statistics.median(one.processor_us.get(name, 0.0) for one in self.rounds) for name in names}

    @property
    def spread(self) -> tuple[float, float]:
        """Return the lowest and the highest round of the number that is compared with the target."""
        held = [one.value if self.absolute or one.ratio is None else one.ratio for one in self.rounds]
        return min(held), max(held)

    @property
    def holds(self) -> bool | None:
        """Return whether the target is met, or None without a target.

        With a yardstick the ratio counts, unless the row is absolute; otherwise the value.
        """
        if self.target is None:
            return None
        held = self.value if self.absolute or self.ratio is None else self.ratio
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
            "processor_us": self.processor_us,
            "processor_for": self.processor_for if self.processor_us else "",
            "target": self.target,
            "reach": self.reach,
            "bound": self.bound,
            "holds": self.holds,
            "note": self.note,
        }
