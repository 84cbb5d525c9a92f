"""Runs the benchmark, from the first group of rows to the last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bench.measured_cluster import MakeCluster
from bench.measures.audience import audience
from bench.measures.figures import FigureRow
from bench.measures.growth import growth
from bench.measures.playing import playing
from bench.measures.scale import QUICK, Group, Scale
from bench.measures.size import size
from bench.measures.soak import endurance
from bench.measures.takeover import takeover
from game.errors import InvalidArgument

GROUPS: Mapping[str, Group] = {one.__name__: one for one in (playing, growth, takeover, audience, size, endurance)}


def run_bench(
    cluster: MakeCluster, on_progress: Callable[[str], None], *, only: str = "", quick: bool = False
) -> Sequence[FigureRow]:
    """Measure all groups of rows, or ``only`` one.

    ``quick`` only shows that everything works; its figures are not meaningful.

    Raises InvalidArgument for an unknown group.
    """
    if only and only not in GROUPS:
        raise InvalidArgument(f"unknown group {only!r}; the groups are {', '.join(GROUPS)}")
    rows: list[FigureRow] = []
    for name, measure in GROUPS.items():
        if only in ("", name):
            on_progress(f"{name}: {measure.__doc__}")
            rows.extend(measure(cluster, QUICK if quick else Scale()))
    return rows
