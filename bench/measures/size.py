"""A cluster with very many rooms: the memory of a room, the cost of a move, and the time of a start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.measured_cluster import MakeCluster
from bench.measures.figures import FigureRow, Round
from bench.measures.scale import PLAYERS, US, Scale, durations_s, wait_until
from verify.testbed.percentiles import percentile
from verify.testbed.task_processes import TaskProcess, all_do, task_processes

FEW = 10
MOVES = 4
"""Moves in each room before it is left alone."""
TURNS = 8


def size(cluster: MakeCluster, scale: Scale) -> Iterator[FigureRow]:
    """Measure a cluster with very many rooms: the memory of a room, the cost of a move, and the time of a start."""
    rooms = scale.many_rooms // scale.processes * scale.processes
    with (
        cluster() as small,
        cluster() as large,
        task_processes(1, *PLAYERS, small.name_server) as (near,),
        task_processes(scale.processes, *PLAYERS, large.name_server) as players,
    ):
        near.do({"do": "open", "tables": FEW, "moves": MOVES})
        wait_until(large.is_whole)
        empty = large.main_memory()
        all_do(players, {"do": "open", "tables": rooms // scale.processes, "moves": MOVES})
        memory = (large.main_memory() - empty) / rooms
        both = [(one, one.do({"do": "open", "tables": 1})["rooms"]) for one in (near, players[0])]
        costs = tuple(_cost(both, scale.seconds) for _ in range(scale.rounds))
        journal = f"journal of {large.journal_bytes() / 1e6:.1f} MB"
        starts = tuple(Round(large.restart()) for _ in range(scale.rounds))
    yield FigureRow(
        "memory", f"main server's memory for an idle room, {rooms} rooms", "bytes", (Round(memory),), target=8192
    )
    yield FigureRow("start", f"start of all servers with {rooms} rooms", "s", starts, target=1.0, note=journal)
    yield FigureRow("cost", f"move with {rooms} open rooms, p50", "µs", costs, f"the same with {FEW} open rooms", 1.15)


def _cost(both: Sequence[tuple[TaskProcess, Sequence[str]]], seconds: float) -> Round:
    """Measure both sides in short turns, so that other load on the machine affects both."""
    took: tuple[list[float], list[float]] = [], []
    for _ in range(TURNS):
        for (one, rooms), mine in zip(both, took, strict=True):
            mine.extend(durations_s(one.do({"do": "play", "rooms": rooms, "seconds": seconds / TURNS})["moves"]))
    small, large = (percentile(mine, 50) * US for mine in took)
    return Round(large, small)
