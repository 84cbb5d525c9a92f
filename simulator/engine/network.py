"""What a message meets on its way: delay, reordering, loss, duplicates, cuts. Pure but for its source of chance."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkConditions:
    """How bad the network is; probabilities a message, delays in seconds."""

    least_delay_s: float = 0.0002
    most_delay_s: float = 0.002
    loss: float = 0.0
    duplicate: float = 0.0
    straggle: float = 0.0
    """How likely a message is late, by up to ``most_straggle_s``: later ones overtake it."""
    most_straggle_s: float = 0.5


class Network:
    """Between any two nodes; a cut stops the messages of one direction."""

    def __init__(self, chance: random.Random, weather: NetworkConditions) -> None:
        self.weather = weather
        self._chance = chance
        self._cuts: dict[tuple[str, str], int] = {}

    def delays(self, sender: str, receiver: str) -> list[float]:
        """When copies of a message arrive, in seconds from now: none, one or two."""
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
        """Nothing gets from one to the other, until as many ``mend`` have come."""
        self._cuts[sender, receiver] = self._cuts.get((sender, receiver), 0) + 1

    def mend(self, sender: str, receiver: str) -> None:
        """Take back one cut."""
        left = self._cuts.get((sender, receiver), 0) - 1
        if left > 0:
            self._cuts[sender, receiver] = left
        else:
            self._cuts.pop((sender, receiver), None)

    def clear_up(self) -> None:
        """No cut and no bad weather any more: messages are only delayed."""
        self._cuts.clear()
        self.weather = NetworkConditions(self.weather.least_delay_s, self.weather.most_delay_s)
