"""Runs the benchmark, from the first group of rows to the last."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.conditions import Conditions
from bench.figures import FigureRow
from bench.measured_cluster import MakeCluster
from bench.measures.audience import audience
from bench.measures.growth import growth
from bench.measures.playing import playing
from bench.measures.scale import QUICK, Group, Scale
from bench.measures.size import size
from bench.measures.soak import endurance
from bench.measures.takeover import recovery, takeover
from bench.peers.rows import peers
from bench.yardsticks import yardsticks
from game.errors import InvalidArgument

GROUPS: Mapping[str, Group] = {
    one.__name__: one for one in (playing, growth, takeover, recovery, audience, size, endurance)
}


@dataclass(frozen=True)
class BenchRun:
    """What a run has measured, and under which conditions."""

    rows: tuple[FigureRow, ...]
    conditions: Conditions


def run_bench(
    cluster: MakeCluster,
    on_progress: Callable[[str], None],
    *,
    only: str = "",
    quick: bool = False,
    with_peers: bool = False,
) -> BenchRun:
    """Measure all groups of rows, or ``only`` one. Before each and at the end, measure the lone bare echo.

    ``quick`` only shows that everything works; its figures are not meaningful. ``with_peers``: measure the peers, too.

    Raises InvalidArgument for an unknown group, and for peers that are not installed.
    """
    if only and only not in GROUPS:
        raise InvalidArgument(f"unknown group {only!r}; the groups are {', '.join(GROUPS)}")
    load, _, _ = os.getloadavg()
    scale = QUICK if quick else Scale()
    groups = [group for name, group in GROUPS.items() if only in ("", name)] + [peers] * with_peers
    rows: list[FigureRow] = []
    with yardsticks(scale.processes) as bare:
        for measure in groups:
            on_progress(f"{measure.__name__}: {measure.__doc__}")
            bare.lone_echo(scale.seconds)
            rows.extend(measure(cluster, scale, bare))
        bare.lone_echo(scale.seconds)
    return BenchRun(tuple(rows), Conditions(load, tuple(bare.lone_echoes)))
