"""The processes that play in rooms, all at once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence

from bench.calls import Calls, measure
from bench.measured_cluster import LOG, MakeCluster, MeasuredCluster
from bench.measures.scale import HEALTHY_LIMIT_S, PLAYERS, SETTLE_S
from verify.testbed.task_processes import TaskProcess, all_do, task_processes
from verify.testbed.waiting import wait_until

Rooms = Sequence[Sequence[str]]
"""For each process, the ids of its rooms."""


@contextlib.contextmanager
def players_in(cluster: MakeCluster, processes: int) -> Iterator[tuple[MeasuredCluster, list[TaskProcess]]]:
    """Start a cluster, and ``processes`` processes of players. The cluster has settled."""
    with cluster() as servers, task_processes(processes, *PLAYERS, servers.name_server) as players:
        wait_until(servers.is_whole, HEALTHY_LIMIT_S, "a healthy cluster")
        time.sleep(SETTLE_S)
        yield servers, players


def open_rooms(players: Sequence[TaskProcess], each: int, moves: int = 0) -> Rooms:
    """Open ``each`` rooms in each process, with two players in each room, and play the first ``moves`` moves."""
    return [opened["rooms"] for opened in all_do(players, {"do": "open", "tables": each, "moves": moves})]


def play(servers: MeasuredCluster, players: Sequence[TaskProcess], rooms: Rooms, seconds: float) -> Calls:
    """Play in these rooms; see ``Worker.play``. The durations are those of moves, the servers main and replica."""
    tasks = [
        (player, {"do": "play", "rooms": mine, "seconds": seconds})
        for player, mine in zip(players, rooms, strict=True)
        if mine
    ]
    return measure(servers.pids(LOG), tasks)
