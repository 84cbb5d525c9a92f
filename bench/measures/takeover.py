"""How long players notice a kill of the main server, and how long each role is missing after a kill."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from bench.figures import FigureRow, Round
from bench.measured_cluster import MakeCluster
from bench.measures.kills import Killing, TimedKill
from bench.measures.players import open_rooms, players_in
from bench.measures.scale import MS, Scale
from bench.processor_time import US
from bench.yardsticks import Yardsticks
from verify.testbed.percentiles import percentile
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

IMPORT = 'python -c "import Pyro4"'
AT_A_TIME = 20
EVERY_S = 0.6
PAUSE_S = 0.1
"""Seconds before each move in each room: faster than people, but not a full load."""
MOVES = 4
"""Moves in each room without later play."""
UNTIL: Mapping[str, tuple[Sequence[str], str]] = {
    "kill main": ((MAIN,), "the next accepted move"),
    "kill replica": ((REPLICATION,), "in sync again"),
    "kill both": ((MAIN, REPLICATION), "the next accepted move"),
    "kill front door": ((COMMUNICATION,), "it lists rooms"),
    "kill name server": ((NAME_SERVER,), "it leads to the front door"),
}
"""For each row the roles that are killed, and what shows that they serve again."""


def takeover(cluster: MakeCluster, scale: Scale, _: Yardsticks) -> Iterator[FigureRow]:
    """Measure kills of the main server while people play."""
    with players_in(cluster, scale.processes) as (servers, players):
        each = scale.playing // scale.processes
        open_rooms(players, scale.open_rooms // scale.processes - each, MOVES)
        rooms = open_rooms(players, each)
        imports: list[Round] = []
        settled: list[TimedKill] = []
        while len(settled) < scale.kills:
            imports.append(_import())
            paced = Killing(servers, players, rooms, [MAIN], PAUSE_S)
            settled += paced.kills(min(AT_A_TIME, scale.kills - len(settled)))
        flat_out = Killing(servers, players, rooms, [MAIN], 0.0).kills(min(AT_A_TIME, scale.kills))
        fast = Killing(servers, players, rooms, [MAIN], PAUSE_S, every_s=EVERY_S).kills(scale.kills)
    beside = partial(_row, beside=FigureRow("", "", "ms", tuple(imports)))
    what = f"kill -9 of main → next accepted move, {scale.open_rooms} rooms, {scale.playing} playing"
    yield beside("takeover", f"{what}, p50", settled, 50, 0.6, reach=0.4)
    yield beside("takeover p99", f"{what}, p99", settled, 99, 1.3)
    yield _row("takeover ms", f"{what}, p99", settled, 99, 100.0)
    yield beside("takeover flat out", f"{what} without pauses, p50", flat_out, 50)
    yield _row("every 0.6 s", f"{what}, a kill every {EVERY_S:g} s, p50", fast, 50)
    yield _row("every 0.6 s, p99", f"{what}, a kill every {EVERY_S:g} s, p99", fast, 99, 100.0, reach=50.0)


def recovery(cluster: MakeCluster, scale: Scale, _: Yardsticks) -> Iterator[FigureRow]:
    """Measure kills of each role, and of main and replica together, until they serve again."""
    with players_in(cluster, scale.processes) as (servers, players):
        rooms = open_rooms(players, scale.playing // scale.processes)
        for name, (roles, until) in UNTIL.items():
            found = Killing(servers, players, rooms, roles, PAUSE_S).kills(scale.kills_of_a_role)
            what = f"kill -9 of {' and '.join(roles)} → {until}, {scale.playing} rooms playing, p99"
            yield _row(name, what, found, 99, 200.0, reach=100.0, until_moves=MAIN in roles)


def _row(
    name: str,
    what: str,
    found: Sequence[TimedKill],
    percent: float,
    target: float | None = None,
    *,
    reach: float | None = None,
    beside: FigureRow | None = None,
    until_moves: bool = True,
) -> FigureRow:
    """Return the row of these kills. ``until_moves``: the time until the next move, not until the roles serve."""
    took_ms = [one.move_ms if until_moves else one.serves_ms for one in found]
    servers = sorted({server for one in found for server in one.processor_us})
    used_us = {server: percentile([one.processor_us.get(server, 0.0) for one in found], 50) for server in servers}
    used_us |= {} if beside is None else beside.processor_us
    return FigureRow(
        name,
        what,
        "ms",
        (Round(percentile(took_ms, percent), None if beside is None else beside.value, used_us),),
        IMPORT if beside else "",
        target,
        note=f"{len(found)} kills, p50 {percentile(took_ms, 50):.0f} ms, at most {max(took_ms):.0f} ms",
        reach=reach,
        processor_for="the new server until it serves",
    )


def _import() -> Round:
    """Return how long the yardstick took, and its processor time."""
    before, began = os.times(), time.monotonic()
    subprocess.run([sys.executable, "-c", "import Pyro4"], check=True)
    took_s, after = time.monotonic() - began, os.times()
    used_s = after.children_user - before.children_user + after.children_system - before.children_system
    return Round(took_s * MS, processor_us={"import": used_s * US})
