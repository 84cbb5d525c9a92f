"""The benchmark from the first group of rows to the last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from client.bench.audience import audience
from client.bench.endurance import endurance
from client.bench.figures import Row
from client.bench.growth import growth
from client.bench.playing import playing
from client.bench.scale import QUICK, Group, Scale
from client.bench.servers import Cluster
from client.bench.size import size
from client.bench.takeover import takeover
from game.errors import InvalidArgument

GROUPS: Mapping[str, Group] = {one.__name__: one for one in (playing, growth, takeover, audience, size, endurance)}


def run_bench(cluster: Cluster, say: Callable[[str], None], *, only: str = "", quick: bool = False) -> Sequence[Row]:
    """Measure all groups of rows, or ``only`` one. ``quick`` shows that everything works; its figures say little.

    Raises InvalidArgument for a group that there is none of.
    """
    if only and only not in GROUPS:
        raise InvalidArgument(f"there is no group {only}: it is {', '.join(GROUPS)}")
    rows: list[Row] = []
    for name, measure in GROUPS.items():
        if only in ("", name):
            say(f"{name}: {measure.__doc__}")
            rows.extend(measure(cluster, QUICK if quick else Scale()))
    return rows
