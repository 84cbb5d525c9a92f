"""A fault schedule: random faults on a simulation for a while.

Each is undone after some time. The seed decides everything.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator.engine.simulation import Simulation

Undo = Callable[[], None]


@dataclass(frozen=True)
class ScheduledFault:
    """A kind of fault.

    ``strike`` injects it and returns a function that undoes it, or None if the fault was not possible.
    """

    name: str
    weight: float
    strike: Callable[[random.Random], Undo | None]
    least_s: float = 0.0
    most_s: float = 0.0
    """The fault lasts between ``least_s`` and ``most_s`` seconds."""


class FaultSchedule:
    """Injects faults one after another. Several may be active at the same time."""

    def __init__(
        self, world: Simulation, blows: Sequence[ScheduledFault], *, most_gap_s: float, name: str = "storm"
    ) -> None:
        """``most_gap_s``: the longest time between two faults, in seconds.

        ``name``: unique among the fault schedules of a simulation, because it selects the random numbers.
        """
        self.struck: Counter[str] = Counter()
        self._world = world
        self._blows = blows
        self._weights = [blow.weight for blow in blows]
        self._most_gap_s = most_gap_s
        self._chance = world.chance(name)
        # The active faults: each undo function runs exactly once.
        self._undone: dict[int, Undo] = {}
        self._number = 0
        self._over = False

    def begin(self) -> None:
        """Schedule the first fault, at most ``most_gap_s`` from now."""
        self._world.after(self._chance.uniform(0.0, self._most_gap_s), self._strike)

    def end(self) -> None:
        """Stop injecting faults, and undo the active ones now."""
        self._over = True
        for number in list(self._undone):
            self._undo(number)

    def _strike(self) -> None:
        if self._over:
            return
        chance = self._chance
        blow = chance.choices(self._blows, self._weights)[0]
        undo = blow.strike(chance)
        if undo is not None:
            self.struck[blow.name] += 1
            self._number += 1
            number = self._number
            self._undone[number] = undo
            lasts_s = chance.uniform(blow.least_s, blow.most_s)
            self._world.after(lasts_s, lambda: self._undo(number))
        self._world.after(chance.uniform(0.0, self._most_gap_s), self._strike)

    def _undo(self, number: int) -> None:
        undo = self._undone.pop(number, None)
        if undo is not None:
            undo()
