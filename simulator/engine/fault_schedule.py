"""A fault schedule: random faults on a simulation for a while.

Each is undone after some time. The seed decides everything.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from simulator.engine.simulation import Simulation

Injection = Iterator[None]
"""A generator of one fault: it injects the fault and yields, then it undoes the fault. It ends without a yield if the
fault is not possible."""


@dataclass(frozen=True)
class ScheduledFault:
    """A kind of fault. ``inject`` returns an injection of it."""

    name: str
    weight: float
    inject: Callable[[random.Random], Injection]
    least_s: float = 0.0
    most_s: float = 0.0
    """The fault lasts between ``least_s`` and ``most_s`` seconds."""


class FaultSchedule:
    """Injects faults one after another. Several may be active at the same time."""

    def __init__(
        self, simulation: Simulation, faults: Sequence[ScheduledFault], *, most_gap_s: float, name: str
    ) -> None:
        """``most_gap_s``: the longest time between two faults, in seconds.

        ``name``: unique among the fault schedules of a simulation, because it selects the random numbers.
        """
        self.injected: Counter[str] = Counter()
        self._simulation = simulation
        self._faults = faults
        self._weights = [fault.weight for fault in faults]
        self._most_gap_s = most_gap_s
        self._rng = simulation.new_rng(name)
        # The active faults: each is undone exactly once.
        self._active: dict[Injection, None] = {}
        self._over = False

    def begin(self) -> None:
        """Schedule the first fault, at most ``most_gap_s`` from now."""
        self._simulation.after(self._rng.uniform(0.0, self._most_gap_s), self._inject)

    def end(self) -> None:
        """Stop injecting faults, and undo the active ones now."""
        self._over = True
        for injection in list(self._active):
            self._undo(injection)

    def _inject(self) -> None:
        if self._over:
            return
        rng = self._rng
        fault = rng.choices(self._faults, self._weights)[0]
        injection = fault.inject(rng)
        if next(injection, False) is None:
            self.injected[fault.name] += 1
            self._active[injection] = None
            lasts_s = rng.uniform(fault.least_s, fault.most_s)
            self._simulation.after(lasts_s, lambda: self._undo(injection))
        self._simulation.after(rng.uniform(0.0, self._most_gap_s), self._inject)

    def _undo(self, injection: Injection) -> None:
        if injection in self._active:
            del self._active[injection]
            next(injection, None)
