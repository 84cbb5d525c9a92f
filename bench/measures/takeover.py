"""How long players notice a kill of the main server."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence

from bench.measured_cluster import MakeCluster, MeasuredCluster
from bench.measures.figures import FigureRow, Round
from bench.measures.players import Rooms, open_rooms, play_in_rooms
from bench.measures.scale import MS, PLAYERS, Scale, wait_until
from bench.yardsticks import Yardsticks
from verify.testbed.percentiles import percentile
from verify.testbed.task_processes import TaskProcess, all_do, task_processes

IMPORT = 'python -c "import Pyro4"'
AT_A_TIME = 20
KILL_EVERY_S = 2.0
SETTLE_S = 0.6
"""Seconds between a healthy cluster and the next kill, and before the next check of the cluster. A new stand-by has
then started."""
PAUSE_S = 0.1
"""Seconds before each move in each room: faster than people, but not a full load."""
MOVES = 4
"""Moves in each room without later play."""


def takeover(cluster: MakeCluster, scale: Scale, _: Yardsticks) -> Iterator[FigureRow]:
    """Measure kills of the main server while people play."""
    with cluster() as servers, task_processes(scale.processes, *PLAYERS, servers.name_server) as players:
        each = scale.playing // scale.processes
        idle = scale.open_rooms // scale.processes - each
        all_do(players, {"do": "open", "tables": idle, "moves": MOVES})
        rooms = open_rooms(players, each)
        imports_ms: list[float] = []
        recoveries_ms: list[float] = []
        while len(recoveries_ms) < scale.kills:
            imports_ms.append(_import_ms())
            recoveries_ms += _kill(servers, min(AT_A_TIME, scale.kills - len(recoveries_ms)), players, rooms, PAUSE_S)
        unpaced_ms: list[float] = []
        while not unpaced_ms:  # on a busy machine all moves may be over before the first kill
            unpaced_ms = _kill(servers, min(AT_A_TIME, scale.kills), players, rooms, 0.0)
    imported = percentile(imports_ms, 50)
    what = f"kill -9 of main → next accepted move, {scale.open_rooms} rooms, {scale.playing} playing"
    note = f"{len(recoveries_ms)} kills, at most {max(recoveries_ms):.0f} ms"
    p50, p99 = percentile(recoveries_ms, 50), percentile(recoveries_ms, 99)
    yield FigureRow("takeover", f"{what}, p50", "ms", (Round(p50, imported),), IMPORT, 0.6, reach=0.4, note=note)
    yield FigureRow("takeover p99", f"{what}, p99", "ms", (Round(p99, imported),), IMPORT, 1.3, note=note)
    yield FigureRow("takeover ms", f"{what}, p99", "ms", (Round(p99),), target=100.0, note=note)
    note = f"{len(unpaced_ms)} kills, at most {max(unpaced_ms):.0f} ms"
    flat_out = percentile(unpaced_ms, 50)
    yield FigureRow(
        "takeover flat out", f"{what} without pauses, p50", "ms", (Round(flat_out, imported),), IMPORT, note=note
    )


def _import_ms() -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import Pyro4"], check=True)
    return (time.monotonic() - began) * MS


def _kill(
    servers: MeasuredCluster, count: int, players: Sequence[TaskProcess], rooms: Rooms, pause_s: float
) -> list[float]:
    """Kill the main server ``count`` times.

    Return the time from each kill to the first acknowledgement of a move that was sent after it, in any room.
    """
    killed: list[float] = []

    def kill() -> None:
        for _ in range(count):
            wait_until(servers.is_whole)
            time.sleep(SETTLE_S)
            servers.kill_main()
            killed.append(time.monotonic())
            time.sleep(SETTLE_S)

    killer = threading.Thread(target=kill)
    killer.start()
    seconds = count * KILL_EVERY_S
    moves = [move for played in play_in_rooms(players, rooms, seconds, pause_s) for move in played["moves"]]
    killer.join()
    recoveries: list[float] = []
    for moment, until in zip(killed, [*killed[1:], float("inf")], strict=True):
        after = [acknowledged for sent, acknowledged, _ in moves if moment < sent < until]
        recoveries += [(min(after) - moment) * MS] if after else []
    return recoveries
