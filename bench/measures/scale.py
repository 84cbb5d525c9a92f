"""How much the benchmark measures, and functions that its groups share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench.measured_cluster import MakeCluster
from bench.measures.figures import FigureRow
from bench.yardsticks import Yardsticks

PLAYERS = ("-m", "bench.worker")
"""The arguments of a players' process. The name server's address follows."""
MS = 1e3
HEALTHY_LIMIT_S = 60.0
LOOK_AGAIN_S = 0.01
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


def durations_s(moves: Sequence[Sequence[float]]) -> list[float]:
    """Return how long each move of a players' process took, in seconds."""
    return [acknowledged - sent for sent, acknowledged, _ in moves]


def wait_until(holds: Callable[[], bool], *, look_again_s: float = LOOK_AGAIN_S) -> None:
    """Wait until ``holds()`` is true. Raises TimeoutError if that takes too long."""
    deadline = time.monotonic() + HEALTHY_LIMIT_S
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"cluster not healthy within {HEALTHY_LIMIT_S:g} s")
        time.sleep(look_again_s)
