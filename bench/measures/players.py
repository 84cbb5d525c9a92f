"""The processes that play in rooms, all at once, and those that call an echo server for comparison."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.measured_cluster import MakeCluster
from bench.measures.scale import PLAYERS
from verify.testbed.task_processes import BARE, TaskProcess, all_do, each_does, echo_server, task_processes

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


Rooms = Sequence[Sequence[str]]
"""For each process, the ids of its rooms."""


def open_rooms(players: Sequence[TaskProcess], each: int) -> Rooms:
    """Open ``each`` rooms in each process, with two players in each room."""
    return [opened["rooms"] for opened in all_do(players, {"do": "open", "tables": each})]


def play_in_rooms(
    players: Sequence[TaskProcess], rooms: Rooms, seconds: float, pause_s: float = 0.0
) -> list[dict[str, Any]]:
    """Return the moves of each process that has rooms; see ``Worker.play``."""
    return each_does(
        [
            (player, {"do": "play", "rooms": mine, "seconds": seconds, "pause_s": pause_s})
            for player, mine in zip(players, rooms, strict=True)
            if mine
        ]
    )
