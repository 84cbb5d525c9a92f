"""How long players notice a kill of the main server."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

from bench.measured_cluster import MakeCluster
from bench.measures.figures import FigureRow, Round
from bench.measures.kills import Downtime, Killing
from bench.measures.players import open_rooms, players_in
from bench.measures.scale import MS, Scale
from bench.processor_time import US
from bench.yardsticks import Yardsticks
from verify.testbed.percentiles import percentile
from verify.testbed.task_processes import all_do
from wire import MAIN

IMPORT = 'python -c "import Pyro4"'
AT_A_TIME = 20
EVERY_S = 0.6
PAUSE_S = 0.1
"""Seconds before each move in each room: faster than people, but not a full load."""
MOVES = 4
"""Moves in each room without later play."""
NEW_PROCESS = "the new server until it serves"


def takeover(cluster: MakeCluster, scale: Scale, _: Yardsticks) -> Iterator[FigureRow]:
    """Measure kills of the main server while people play."""
    with players_in(cluster, scale.processes) as (servers, players):
        each = scale.playing // scale.processes
        idle = scale.open_rooms // scale.processes - each
        all_do(players, {"do": "open", "tables": idle, "moves": MOVES})
        rooms = open_rooms(players, each)
        imports: list[Round] = []
        settled: list[Downtime] = []
        while len(settled) < scale.kills:
            imports.append(_import())
            paced = Killing(servers, players, rooms, [MAIN], PAUSE_S)
            settled += paced.downtimes(min(AT_A_TIME, scale.kills - len(settled)))
        flat_out = Killing(servers, players, rooms, [MAIN], 0.0).downtimes(min(AT_A_TIME, scale.kills))
        fast = Killing(servers, players, rooms, [MAIN], PAUSE_S, every_s=EVERY_S).downtimes(scale.kills)
    imported = FigureRow("", "", "ms", tuple(imports))
    beside = imported.value, imported.processor_us
    what = f"kill -9 of main → next accepted move, {scale.open_rooms} rooms, {scale.playing} playing"
    yield _row("takeover", f"{what}, p50", settled, 50, beside, 0.6, reach=0.4)
    yield _row("takeover p99", f"{what}, p99", settled, 99, beside, 1.3)
    yield _row("takeover ms", f"{what}, p99", settled, 99, None, 100.0)
    yield _row("takeover flat out", f"{what} without pauses, p50", flat_out, 50, beside)
    yield _row("every 0.6 s", f"{what}, a kill every {EVERY_S:g} s, p50", fast, 50)
    yield _row("every 0.6 s, p99", f"{what}, a kill every {EVERY_S:g} s, p99", fast, 99, None, 100.0, reach=50.0)


def _row(
    name: str,
    what: str,
    downtimes: Sequence[Downtime],
    percent: float,
    beside: tuple[float, dict[str, float]] | None = None,
    target: float | None = None,
    *,
    reach: float | None = None,
) -> FigureRow:
    took_ms = [one.move_ms for one in downtimes]
    new_us = percentile([one.processor_us.get("main", 0.0) for one in downtimes], 50)
    yardstick_ms, yardstick_us = beside or (None, {})
    measured = Round(percentile(took_ms, percent), yardstick_ms, {"main": new_us, **yardstick_us})
    note = f"{len(took_ms)} kills, at most {max(took_ms):.0f} ms"
    is_beside = IMPORT if beside else ""
    return FigureRow(
        name, what, "ms", (measured,), is_beside, target, note=note, reach=reach, processor_for=NEW_PROCESS
    )


def _import() -> Round:
    """Return how long the yardstick took, and its processor time."""
    before, began = os.times(), time.monotonic()
    subprocess.run([sys.executable, "-c", "import Pyro4"], check=True)
    took_s, after = time.monotonic() - began, os.times()
    used_s = after.children_user - before.children_user + after.children_system - before.children_system
    return Round(took_s * MS, processor_us={"import": used_s * US})
