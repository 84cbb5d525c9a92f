"""Many spectators of one room: how long until the last of them has seen a move.

The next command is made as soon as all have seen the one before. So the main server hardly waits, and its processor
time is that of the news.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench.calls import Calls
from bench.figures import FigureRow, Round
from bench.measured_cluster import LOG, MakeCluster
from bench.measures.scale import MS, PLAYERS, Scale
from bench.processor_time import Pids, each_us, used_by
from bench.yardsticks import Yardsticks
from verify.testbed.task_processes import TaskProcess, task_processes

TARGETS_MS = ((10.0, 6.0), (None, None))
FAN_OUT = "the same bytes to as many plain sockets, from a loop that does nothing else"
SOCKETS = "sockets"
"""The name of the yardstick's server in the report."""
WATCHERS = "a watcher and command"


def audience(cluster: MakeCluster, scale: Scale, _: Yardsticks) -> Iterator[FigureRow]:
    """Measure one room with very many spectators: the time from sending a move until the last spectator has seen it."""
    for count, (target, reach) in zip(scale.audiences, TARGETS_MS, strict=True):
        rounds = _rounds(cluster, scale, count)
        what = f"one move → the last of {count} spectators of one room, p50"
        yield FigureRow(
            f"audience of {count}",
            what,
            "ms",
            rounds,
            FAN_OUT,
            target,
            reach=reach,
            absolute=True,
            processor_for=WATCHERS,
        )
        if target is not None:
            main = tuple(Round(one.processor_us["main"], processor_us=one.processor_us) for one in rounds)
            what = f"the main server's processor time a watcher and command, {count} spectators of one room"
            yield FigureRow("main a watcher", what, "µs", main, target=25.0, reach=20.0, processor_for=WATCHERS)


def _rounds(cluster: MakeCluster, scale: Scale, count: int) -> tuple[Round, ...]:
    with (
        cluster() as servers,
        task_processes(1, *PLAYERS, servers.name_server) as (player,),
        task_processes(2, "-m", "bench.spectators") as (spectators, others),
        task_processes(1, "-m", "bench.fan_out") as (bare,),
    ):
        port = int(bare.line())
        (room,) = player.do({"do": "open", "tables": 1})["rooms"]
        admitted = player.do({"do": "admit", "room": room, "spectators": count})
        spectators.do({"do": "watch", **admitted})
        tokens = [secrets.token_urlsafe(32) for _ in range(count)]
        others.do({"do": "watch", **admitted, "address": ["127.0.0.1", port], "tokens": tokens, "version": 0})

        def send(version: int) -> dict[str, Any]:
            """Let the yardstick's server send as many bytes as the room's news had."""
            return bare.do({"version": version, "to": count, "bytes": watched.news_bytes})

        watched = _Audience(
            spectators, lambda _: player.do({"do": "step", "room": room}), servers.pids(LOG), count, admitted["version"]
        )
        plain = _Audience(others, send, {SOCKETS: bare.pid}, count)
        return tuple(
            watched.measure(2 * scale.seconds).p50_beside(plain.measure(scale.seconds), MS) for _ in range(scale.rounds)
        )


@dataclass
class _Audience:
    """Spectators, and what publishes news for them. All have ``version``."""

    spectators: TaskProcess
    publish: Callable[[int], dict[str, Any]]
    """Publishes the next version. Returns when that was sent, the version, and whether it was a move."""
    pids: Pids
    count: int
    version: int = 0
    news_bytes: int = 0

    def measure(self, seconds: float) -> Calls:
        """Publish one version after the other. Return how long it took until all had seen each move.

        The processor time is for each spectator and version.
        """
        (took_s, published), used_s = used_by(self.pids, lambda: self._publish(seconds))
        return Calls(0.0, took_s, each_us(used_s, published * self.count))

    def _publish(self, seconds: float) -> tuple[list[float], int]:
        took_s: list[float] = []
        published, ends = 0, time.monotonic() + seconds
        while time.monotonic() < ends:
            self.spectators.begin({"do": "until_all_see", "version": self.version + 1})
            made = self.publish(self.version + 1)
            seen = self.spectators.result()
            self.version, self.news_bytes = made["version"], seen["bytes"]
            published += 1
            if made["is_move"]:
                took_s.append(seen["at"] - made["sent"])
        return took_s, published
