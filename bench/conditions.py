"""Under which conditions a run measured, and whether its rows count. Pure."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from bench.calls import Calls
from bench.yardsticks import ECHO

QUIET_LOAD = 0.5
QUIET_SPREAD = 1.15


@dataclass(frozen=True)
class Conditions:
    """The machine's load when the run began, and every measurement of the lone bare echo during it."""

    load: float
    """The average number of runnable processes in the minute before."""
    echoes: tuple[Calls, ...]

    @property
    def quiet(self) -> bool:
        """Return whether the rows count: the machine did nothing else at first, and the lone echo hardly changed.

        The load was below 0.5, and the slowest median of the echo is at most 15 % above the fastest.
        """
        times_us = [one.p50_us for one in self.echoes]
        return self.load < QUIET_LOAD and max(times_us) <= QUIET_SPREAD * min(times_us)

    @property
    def echo_processor_us(self) -> float:
        """Return the processor time that a bare echo takes at its server, in microseconds."""
        return statistics.median(one.processor_us[ECHO] for one in self.echoes)

    def sentence(self) -> str:
        """Return the conditions for people."""
        times_us = [one.p50_us for one in self.echoes]
        verdict = "quiet, the rows count" if self.quiet else "not quiet, no row counts"
        return (
            f"{verdict}: load {self.load:.2f} at the start (below {QUIET_LOAD:g}), lone bare echo"
            f" {min(times_us):.0f} to {max(times_us):.0f} µs (within 15 %); it takes {self.echo_processor_us:.0f} µs"
            " of its server's processor time"
        )

    def as_plain(self) -> dict[str, object]:
        """Return the conditions as a dictionary for JSON."""
        return {
            "quiet": self.quiet,
            "load": self.load,
            "echo_p50_us": [one.p50_us for one in self.echoes],
            "echo_processor_us": self.echo_processor_us,
        }
