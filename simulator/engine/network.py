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

    def __init__(self, chance: random.Random, weather: NetworkConditions) -> None:
        self.weather = weather
        self._chance = chance
        # By direction: the number of cuts without a ``mend``. Always above 0; an open direction has no key.
        self._cuts: dict[tuple[str, str], int] = {}

    def delays(self, sender: str, receiver: str) -> list[float]:
        """Return the delay of each copy of a message, in seconds: no copy, one or two."""
        weather, chance = self.weather, self._chance
        if (sender, receiver) in self._cuts or (weather.loss and chance.random() < weather.loss):
            return []
        if weather.duplicate and chance.random() < weather.duplicate:
            return [self._delay(), self._delay()]
        return [self._delay()]

    def _delay(self) -> float:
        weather, chance = self.weather, self._chance
        delay_s = chance.uniform(weather.least_delay_s, weather.most_delay_s)
        if weather.straggle and chance.random() < weather.straggle:
            delay_s += chance.uniform(0.0, weather.most_straggle_s)
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

    def clear_up(self) -> None:
        """Remove all cuts, loss, duplicates and stragglers. Messages still have a delay."""
        self._cuts.clear()
        self.weather = NetworkConditions(self.weather.least_delay_s, self.weather.most_delay_s)
