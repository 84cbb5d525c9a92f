"""The two sides of a comparison: players on a cluster, and callers of an echo server, in separate processes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.measured_cluster import MakeCluster
from bench.measures.scale import PLAYERS
from verify.testbed.task_processes import BARE, TaskProcess, echo_server, task_processes

Sides = tuple[list[TaskProcess], list[TaskProcess]]
"""The players' processes, and the echo callers' processes."""


@contextlib.contextmanager
def both_sides(cluster: MakeCluster, processes: int) -> Iterator[Sides]:
    """Start a cluster and an echo server, with ``processes`` processes each of players and of callers."""
    with (
        cluster() as servers,
        echo_server(servers.free_port),
        task_processes(processes, *PLAYERS, servers.name_server) as players,
        task_processes(processes, BARE, "call", str(servers.free_port)) as callers,
    ):
        yield players, callers


def rate_per_s(results: Sequence[Mapping[str, Any]], of: str) -> float:
    """Return the sum of the processes' rates per second."""
    rates: list[float] = [len(result[of]) / result["seconds"] for result in results]
    return sum(rates)
