"""A cluster with very many rooms: the memory of a room, the cost of a move, and the time of a start."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from bench.measured_cluster import MakeCluster, MeasuredCluster
from bench.measures.figures import FigureRow, Round
from bench.measures.players import play_metered
from bench.measures.scale import PLAYERS, Scale, durations_s, wait_until
from bench.processor_time import US, processor_s
from bench.yardsticks import Yardsticks
from verify.testbed.percentiles import percentile
from verify.testbed.task_processes import TaskProcess, all_do, task_processes

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
        near.do({"do": "open", "tables": FEW, "moves": MOVES})
        wait_until(large.is_whole)
        empty = large.main_memory()
        all_do(players, {"do": "open", "tables": rooms // scale.processes, "moves": MOVES})
        memory = (large.main_memory() - empty) / rooms
        sides = [_Side(large, players[0]), _Side(small, near)]
        costs = tuple(_cost(sides, scale.seconds) for _ in range(scale.rounds))
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


class _Side:
    """A cluster, and a process that plays in one room of it."""

    def __init__(self, servers: MeasuredCluster, player: TaskProcess) -> None:
        self._servers = servers
        self._player = player
        self._rooms = player.do({"do": "open", "tables": 1})["rooms"]
        self.moves_s: list[float] = []
        self.processor_us: list[dict[str, float]] = []

    def play(self, seconds: float) -> None:
        """Play, and add how long each move took and what a command took of the servers' processor time."""
        (played,), processor_us = play_metered(self._servers, [self._player], [self._rooms], seconds)
        self.moves_s += durations_s(played["moves"])
        self.processor_us.append(processor_us)


def _cost(sides: Sequence[_Side], seconds: float) -> Round:
    """Measure both sides in short turns, so that other load on the machine affects both."""
    for side in sides:
        side.moves_s.clear()
        side.processor_us.clear()
    for _ in range(TURNS):
        for side in reversed(sides):
            side.play(seconds / TURNS)
    large, small = sides
    few, many = f"main, {FEW} rooms", "main"
    processor_us = {
        many: statistics.median(one["main"] for one in large.processor_us),
        "replica": statistics.median(one["replica"] for one in large.processor_us),
        few: statistics.median(one["main"] for one in small.processor_us),
    }
    return Round(percentile(large.moves_s, 50) * US, percentile(small.moves_s, 50) * US, processor_us)
