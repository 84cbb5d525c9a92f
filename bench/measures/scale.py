"""How much the benchmark measures, and what a group of rows is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.figures import FigureRow
from bench.measured_cluster import MakeCluster
from bench.yardsticks import Yardsticks

PLAYERS = ("-m", "bench.worker")
"""The arguments of a players' process. The name server's address follows."""
MS = 1e3
HEALTHY_LIMIT_S = 60.0
SETTLE_S = 0.6
"""Seconds in which a healthy cluster settles: what stands by has then started."""


@dataclass(frozen=True)
class Scale:
    """How much the benchmark measures."""

    rounds: int = 5
    seconds: float = 2.0
    """The length of each measurement within a round."""
    processes: int = 4
    """Processes of players, where there are many. A Python process runs one thread at a time."""
    playing: int = 64
    kills: int = 100
    kills_of_a_role: int = 40
    open_rooms: int = 1000
    most_rooms: int = 256
    """The largest number of rooms in use, for the growth figures."""
    many_rooms: int = 10_000
    audiences: tuple[int, int] = (100, 1000)
    many_moves: int = 1_000_000
    idle_s: float = 10.0
    """Seconds without a move, in each round."""


QUICK = Scale(
    rounds=1,
    seconds=0.3,
    processes=2,
    playing=8,
    kills=2,
    kills_of_a_role=1,
    open_rooms=20,
    most_rooms=4,
    many_rooms=50,
    audiences=(4, 8),
    many_moves=500,
    idle_s=1.0,
)
"""Only shows that everything works."""

Group = Callable[[MakeCluster, Scale, Yardsticks], Iterator[FigureRow]]
"""Starts the clusters that it needs, and yields its rows."""
