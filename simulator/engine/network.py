"""A simulated network: delay, reordering, loss, duplicates, cuts. Pure, except for its random numbers."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkConditions:
    """The quality of the network: probabilities for each message, and delays in seconds."""

    least_delay_s: float = 0.0002
    most_delay_s: float = 0.002
    loss: float = 0.0
    duplicate: float = 0.0
    straggle: float = 0.0
    """The probability of an additional delay, up to ``most_straggle_s``. Later messages may overtake such a message."""
    most_straggle_s: float = 0.5


class Network:
    """The network between all nodes. A cut stops the messages of one direction."""

    def __init__(self, rng: random.Random, conditions: NetworkConditions) -> None:
        self.conditions = conditions
        self._rng = rng
        # By direction: the number of cuts without a ``mend``. Always above 0; an open direction has no key.
        self._cuts: dict[tuple[str, str], int] = {}

    def delays(self, sender: str, receiver: str) -> list[float]:
        """Return the delay of each copy of a message, in seconds: no copy, one or two."""
        conditions, rng = self.conditions, self._rng
        if (sender, receiver) in self._cuts or (conditions.loss and rng.random() < conditions.loss):
            return []
        if conditions.duplicate and rng.random() < conditions.duplicate:
            return [self._delay(), self._delay()]
        return [self._delay()]

    def _delay(self) -> float:
        conditions, rng = self.conditions, self._rng
        delay_s = rng.uniform(conditions.least_delay_s, conditions.most_delay_s)
        if conditions.straggle and rng.random() < conditions.straggle:
            delay_s += rng.uniform(0.0, conditions.most_straggle_s)
        return delay_s

    def cut(self, sender: str, receiver: str) -> None:
        """Stop all messages from ``sender`` to ``receiver``. Cuts add up: each needs its own ``mend``."""
        self._cuts[sender, receiver] = self._cuts.get((sender, receiver), 0) + 1

    def mend(self, sender: str, receiver: str) -> None:
        """Undo one cut. No effect without a cut."""
        left = self._cuts.get((sender, receiver), 0) - 1
        if left > 0:
            self._cuts[sender, receiver] = left
        else:
            self._cuts.pop((sender, receiver), None)

    def restore(self) -> None:
        """Remove all cuts, loss, duplicates and stragglers. Messages still have a delay."""
        self._cuts.clear()
        self.conditions = NetworkConditions(self.conditions.least_delay_s, self.conditions.most_delay_s)
