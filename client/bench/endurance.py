"""Very many moves, and then none: what the servers keep of them, and what they take while nobody plays."""

from __future__ import annotations

import time
from collections.abc import Iterator

from client.bench.figures import Round, Row
from client.bench.processes import task_processes
from client.bench.scale import MS, PLAYERS, Scale, wait_until
from client.bench.servers import Cluster, Servers
from client.bench.tables import open_tables, play_at_once

MB = 1e6


def endurance(cluster: Cluster, scale: Scale) -> Iterator[Row]:
    """Very many moves, and how large the journals grow; then what the servers take when nobody plays any more."""
    with cluster() as servers, task_processes(scale.processes, *PLAYERS, servers.name_server) as players:
        wait_until(servers.is_whole)
        each = scale.playing // scale.processes
        rooms = open_tables(players, each)
        made, sizes = 0, list[int]()
        while made < scale.many_moves:
            made += sum(len(played["moves"]) for played in play_at_once(players, rooms, scale.seconds))
            sizes.append(servers.disk_bytes())
        idle = tuple(_idle(servers, scale.idle_s) for _ in range(scale.rounds))
        more = servers.disk_bytes() - sizes[-1]
    half = (len(sizes) + 1) // 2
    journals = Round(max(sizes[-half:]) / MB, max(sizes[:half]) / MB)
    what = f"both journals in the second half of {made} moves, at their largest"
    yield Row("journals", what, "MB", (journals,), "the same in the first half", 1.1)
    what = f"all servers' processor time in a second without a move, {each * len(rooms)} rooms open"
    yield Row("idle", what, "ms", idle, note=f"{more} bytes more on disk")


def _idle(servers: Servers, seconds: float) -> Round:
    before, began = servers.cpu_s(), time.monotonic()
    time.sleep(seconds)
    return Round((servers.cpu_s() - before) / (time.monotonic() - began) * MS)
