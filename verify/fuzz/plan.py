"""The plan of an attack, as values that can be sent to another process as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from verify.testbed.attack_surface import AttackedPort


@dataclass(frozen=True)
class FuzzPlan:
    """The plan of the whole attack."""

    inputs: int = 20_000
    seed: int = 1
    rooms: int = 3
    rounds: int = 3
    """How many times calm and attack alternate."""
    attackers: int = 2
    flood: int = 1000
    """Simultaneous connections from one host. Fewer when there are less than ten times as many inputs."""


@dataclass(frozen=True)
class AttackerTask:
    """The task of one attacker process in one round. Equal tasks give equal inputs."""

    seed: str
    inputs: int
    flood: int
    ports: list[AttackedPort]
    rooms: list[str]
    names: list[str]
    name: str
    token: str
    """The token of the attacker's own username. The attacker misuses it."""

    def as_plain(self) -> dict[str, object]:
        """Return the task as a dictionary for JSON."""
        return asdict(self)


def task_from(plain: Mapping[str, Any]) -> AttackerTask:
    """Build a task from such a dictionary."""
    return AttackerTask(**{**plain, "ports": [AttackedPort(*port) for port in plain["ports"]]})
