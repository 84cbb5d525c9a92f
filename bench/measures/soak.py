"""Very many moves, and then none: how much the servers store, and how much an idle cluster uses.

After a game its record stays in the archive, and its moves are dropped. So the journals' content is measured without
the archive. The growth of the files is shown for each game.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.figures import FigureRow, Round
from bench.measured_cluster import MakeCluster, MeasuredCluster
from bench.measures.players import open_rooms, play, players_in
from bench.measures.scale import MS, Scale
from bench.processor_time import US, used_by
from bench.yardsticks import Yardsticks

MB = 1e6
LOOKS = 5
"""How many times the length of a measurement is played between two measurements of the journals, because these take
long, too."""


def endurance(cluster: MakeCluster, scale: Scale, _: Yardsticks) -> Iterator[FigureRow]:
    """Measure how large the journals grow during very many moves, then how much the servers use without players."""
    with players_in(cluster, scale.processes) as (servers, players):
        each = scale.playing // scale.processes
        rooms = open_rooms(players, each)
        made, kept, files = 0, list[int](), [(servers.disk_bytes(), servers.records())]
        while made < scale.many_moves:
            made += len(play(servers, players, rooms, LOOKS * scale.seconds).took_s)
            kept.append(servers.kept_bytes())
            files.append((servers.disk_bytes(), servers.records()))
        idle = tuple(_idle(servers, scale.idle_s) for _ in range(scale.rounds))
        more = servers.disk_bytes() - files[-1][0]
    half = (len(kept) + 1) // 2
    journals = Round(max(kept[-half:]) / MB, max(kept[:half]) / MB)
    what = f"the size of both journals without the game archive, in the second half of {made} moves, at the most"
    (bytes_then, games_then), (bytes_now, games_now) = files[half], files[-1]
    each_game = (bytes_now - bytes_then) / max(1, games_now - games_then)
    note = f"files: {bytes_now / MB:.0f} MB with {games_now} games, {each_game:.0f} bytes more for each"
    yield FigureRow("journals", what, "MB", (journals,), "the same in the first half", 1.1, note=note)
    what = f"all servers' processor time in a second without a move, {each * len(rooms)} rooms open"
    yield FigureRow("idle", what, "ms", idle, note=f"{more} bytes more on disk", processor_for="a second")


def _idle(servers: MeasuredCluster, seconds: float) -> Round:
    began = time.monotonic()
    _, used_s = used_by(servers.pids(servers.roles()), lambda: time.sleep(seconds))
    waited_s = time.monotonic() - began
    return Round(
        sum(used_s.values()) / waited_s * MS, processor_us={name: s / waited_s * US for name, s in used_s.items()}
    )
