"""A cluster with very many rooms: the memory of a room, the cost of a move, and the time of a start."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from functools import partial

from bench.calls import Calls
from bench.figures import FigureRow, Round
from bench.measured_cluster import MakeCluster, MeasuredCluster
from bench.measures.players import open_rooms, play
from bench.measures.scale import HEALTHY_LIMIT_S, PLAYERS, Scale
from bench.processor_time import US, processor_s
from bench.yardsticks import Yardsticks
from verify.testbed.percentiles import percentile
from verify.testbed.task_processes import task_processes
from verify.testbed.waiting import wait_until

FEW = 10
MOVES = 4
"""Moves in each room before it is left alone."""
TURNS = 8


def size(cluster: MakeCluster, scale: Scale, _: Yardsticks) -> Iterator[FigureRow]:
    """Measure a cluster with very many rooms: the memory of a room, the cost of a move, and the time of a start."""
    rooms = scale.many_rooms // scale.processes * scale.processes
    with (
        cluster() as small,
        cluster() as large,
        task_processes(1, *PLAYERS, small.name_server) as (near,),
        task_processes(scale.processes, *PLAYERS, large.name_server) as players,
    ):
        open_rooms([near], FEW, MOVES)
        wait_until(large.is_whole, HEALTHY_LIMIT_S, "a healthy cluster")
        empty = large.main_memory()
        open_rooms(players, rooms // scale.processes, MOVES)
        memory = (large.main_memory() - empty) / rooms
        few, many = (
            partial(play, at, [one], open_rooms([one], 1), scale.seconds / TURNS)
            for at, one in ((small, near), (large, players[0]))
        )
        costs = tuple(_cost(few, many) for _ in range(scale.rounds))
        journal = f"journal of {large.journal_bytes() / 1e6:.1f} MB"
        starts = tuple(_start(large) for _ in range(scale.rounds))
    yield FigureRow(
        "memory",
        f"main server's memory for an idle room, {rooms} rooms",
        "bytes",
        (Round(memory),),
        target=7000,
        reach=4000,
    )
    what = f"start of all servers with {rooms} rooms"
    yield FigureRow("start", what, "s", starts, target=1.0, reach=0.5, note=journal, processor_for="the start")
    what = f"move with {rooms} open rooms, p50"
    yield FigureRow("cost", what, "µs", costs, f"the same with {FEW} open rooms", 1.15, reach=1.05)


def _start(servers: MeasuredCluster) -> Round:
    seconds = servers.restart()
    return Round(seconds, processor_us={name: processor_s(pid) * US for name, pid in servers.pids().items()})


def _cost(play_few: Callable[[], Calls], play_many: Callable[[], Calls]) -> Round:
    """Measure both clusters in short turns, so that other load on the machine affects both."""
    turns = [(play_few(), play_many()) for _ in range(TURNS)]
    few, many = zip(*turns, strict=True)
    p50_few_us, p50_many_us = (percentile([s for turn in side for s in turn.took_s], 50) * US for side in (few, many))
    processor_us = {
        "main": statistics.median(turn.processor_us["main"] for turn in many),
        "replica": statistics.median(turn.processor_us["replica"] for turn in many),
        f"main, {FEW} rooms": statistics.median(turn.processor_us["main"] for turn in few),
    }
    return Round(p50_many_us, p50_few_us, processor_us)
