"""Many spectators of one room: how long until the last of them has seen a move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.measured_cluster import MakeCluster
from bench.measures.figures import FigureRow, Round
from bench.measures.scale import MS, PLAYERS, Scale
from bench.yardsticks import Yardsticks
from verify.testbed.percentiles import percentile
from verify.testbed.task_processes import all_do, task_processes

TARGETS_MS = (10.0, None)
LEAST_PAUSE_S = 0.05
PAUSE_EACH_S = 0.001
"""Seconds between two moves, for each spectator. All have then seen a move before the next one."""


def audience(cluster: MakeCluster, scale: Scale, _: Yardsticks) -> Iterator[FigureRow]:
    """Measure one room with very many spectators: the time from sending a move until the last spectator has seen it."""
    for count, target in zip(scale.audiences, TARGETS_MS, strict=True):
        rounds, served = _watched(cluster, scale, count)
        what = f"one move → the last of {count} spectators of one room, p50"
        yield FigureRow(f"audience of {count}", what, "ms", rounds, target=target, note=served)


def _watched(cluster: MakeCluster, scale: Scale, count: int) -> tuple[tuple[Round, ...], str]:
    with (
        cluster() as servers,
        task_processes(1, *PLAYERS, servers.name_server) as (player,),
        task_processes(scale.processes, *PLAYERS, servers.name_server) as spectators,
    ):
        rooms = player.do({"do": "open", "tables": 1})["rooms"]
        all_do(spectators, {"do": "watch", "room": rooms[0], "count": count // scale.processes})
        pause_s = LEAST_PAUSE_S + count * PAUSE_EACH_S
        task = {"do": "play", "rooms": rooms, "seconds": 2 * scale.seconds, "pause_s": pause_s}
        moves = [player.do(task)["moves"] for _ in range(scale.rounds)]
        seen = all_do(spectators, {"do": "watched"})
    took_ms = [_last_ms(of_round, seen) for of_round in moves]
    served, made = sum(map(len, took_ms)), sum(map(len, moves))
    return tuple(Round(percentile(took, 50)) for took in took_ms), f"{served} of {made} moves were seen by all"


def _last_ms(moves: Sequence[Sequence[float]], seen: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return the milliseconds from sending each move until the last spectator saw it.

    Moves that some spectator missed are left out.
    """
    lasts = [of_one["last"] for of_one in seen]
    return [
        (max(last[str(version)] for last in lasts) - sent) * MS
        for sent, _, version in moves
        if all(str(version) in last for last in lasts)
    ]
