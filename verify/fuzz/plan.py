"""What an attack is to do and on whom, as values that can cross to another process as JSON. Nothing here attacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Protocol

CLIENT = "client"
PEERS = "peer"
METRICS = "metrics"
NAMES = "name server"


class AttackedPort(NamedTuple):
    """One port of the cluster: whose it is, what it is for (CLIENT, PEERS, METRICS, NAMES), and where."""

    role: str
    use: str
    host: str
    port: int


class Target(Protocol):
    """The cluster that is attacked, as far as the attack needs it."""

    @property
    def name_server(self) -> str:
        """ "host:port" of the name server."""

    def ports(self) -> Sequence[tuple[str, str, str, int]]:
        """Every port as role, use, host, number: what ``AttackedPort`` has."""

    def processes(self) -> Mapping[str, tuple[int, float] | None]:
        """Who runs in each role: pid and start, which tells pids that are used again."""

    def memory_mb(self) -> Mapping[str, float]:
        """What each running process has in memory (RSS)."""

    def names(self) -> int | None:
        """How many usernames there are; None while nobody can say."""

    def is_whole(self) -> bool:
        """Whether all four run and the replica is in step."""


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
