"""What an attack is to do and on whom, as values that can cross to another process as JSON. Nothing here attacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from verify.testbed.attack_surface import AttackedPort


@dataclass(frozen=True)
class FuzzPlan:
    """What the attack does."""

    inputs: int = 20_000
    seed: int = 1
    rooms: int = 3
    rounds: int = 3
    """How often calm and attack take turns."""
    attackers: int = 2
    flood: int = 1000
    """Connections at once from one host; fewer when there are not ten times as many inputs."""


@dataclass(frozen=True)
class Orders:
    """What one attacker process does in one round; the same orders are the same inputs."""

    seed: str
    inputs: int
    flood: int
    doors: list[AttackedPort]
    rooms: list[str]
    names: list[str]
    name: str
    token: str
    """A username of the attacker's own: what it may do with it, it does wrongly."""

    def as_plain(self) -> dict[str, object]:
        """The orders as JSON knows them."""
        return asdict(self)


def orders_from(plain: Mapping[str, Any]) -> Orders:
    """The orders that were written so."""
    return Orders(**{**plain, "doors": [AttackedPort(*door) for door in plain["doors"]]})
