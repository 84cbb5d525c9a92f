"""The processes that play in rooms, all at once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.measured_cluster import LOG, MakeCluster, MeasuredCluster
from bench.measures.scale import PLAYERS, SETTLE_S, wait_until
from bench.processor_time import each_us, used_by
from verify.testbed.task_processes import TaskProcess, all_do, each_does, task_processes


@contextlib.contextmanager
def players_in(cluster: MakeCluster, processes: int) -> Iterator[tuple[MeasuredCluster, list[TaskProcess]]]:
    """Start a cluster, and ``processes`` processes of players. The cluster has settled."""
    with cluster() as servers, task_processes(processes, *PLAYERS, servers.name_server) as players:
        wait_until(servers.is_whole)
        time.sleep(SETTLE_S)
        yield servers, players


def rate_per_s(results: Sequence[Mapping[str, Any]]) -> float:
    """Return the sum of the processes' commands per second: moves and rematches."""
    rates: list[float] = [result["commands"] / result["seconds"] for result in results]
    return sum(rates)


Rooms = Sequence[Sequence[str]]
"""For each process, the ids of its rooms."""


def open_rooms(players: Sequence[TaskProcess], each: int) -> Rooms:
    """Open ``each`` rooms in each process, with two players in each room."""
    return [opened["rooms"] for opened in all_do(players, {"do": "open", "tables": each})]


def play_in_rooms(players: Sequence[TaskProcess], rooms: Rooms, seconds: float) -> list[dict[str, Any]]:
    """Return the moves of each process that has rooms; see ``Worker.play``."""
    return each_does(
        [
            (player, {"do": "play", "rooms": mine, "seconds": seconds})
            for player, mine in zip(players, rooms, strict=True)
            if mine
        ]
    )


def play_metered(
    servers: MeasuredCluster, players: Sequence[TaskProcess], rooms: Rooms, seconds: float
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Return the same, and the processor microseconds that a command takes at the main server and at the replica."""
    played, used_s = used_by(servers.pids(LOG), lambda: play_in_rooms(players, rooms, seconds))
    return played, each_us(used_s, sum(result["commands"] for result in played))
