"""Many spectators of one room: how long until the last of them has seen a move.

The next command is made as soon as all have seen the one before. So the main server hardly waits, and its processor
time is that of the news.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.measured_cluster import LOG, MakeCluster, MeasuredCluster
from bench.measures.figures import FigureRow, Round
from bench.measures.scale import MS, PLAYERS, Scale
from bench.processor_time import US, processor_s, used_by
from bench.yardsticks import Yardsticks
from verify.testbed.percentiles import percentile
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
        room = player.do({"do": "open", "tables": 1})["rooms"][0]
        admitted = player.do({"do": "admit", "room": room, "spectators": count})
        spectators.do({"do": "watch", **admitted})
        tokens = [secrets.token_urlsafe(32) for _ in range(count)]
        others.do({"do": "watch", **admitted, "address": ["127.0.0.1", port], "tokens": tokens, "version": 0})
        watched = _Watched(servers, player, room, spectators, admitted["version"])
        plain = _PlainSockets(bare, others, count)
        return tuple(_round(watched, plain, count, scale.seconds) for _ in range(scale.rounds))


def _round(watched: _Watched, plain: _PlainSockets, count: int, seconds: float) -> Round:
    """Measure both sides. The answers of the plain sockets are as long as the room's news were."""
    (took_s, commands), used_s = used_by(watched.servers.pids(LOG), lambda: watched.play(2 * seconds))
    before_s = processor_s(plain.server.pid)
    plain_s = plain.publish(seconds, watched.news_bytes)
    sockets_us = (processor_s(plain.server.pid) - before_s) * US / len(plain_s) / count
    processor_us = {name: used * US / commands / count for name, used in used_s.items()}
    return Round(percentile(took_s, 50) * MS, percentile(plain_s, 50) * MS, {**processor_us, SOCKETS: sockets_us})


@dataclass
class _Watched:
    """A room, the process that plays in it, and the process of its spectators."""

    servers: MeasuredCluster
    player: TaskProcess
    room: str
    spectators: TaskProcess
    version: int
    news_bytes: int = 0

    def play(self, seconds: float) -> tuple[list[float], int]:
        """Make one command after the other. Return how long it took until all had seen each move, and all commands."""
        took_s: list[float] = []
        commands, ends = 0, time.monotonic() + seconds
        while time.monotonic() < ends:
            self.spectators.begin({"do": "until_all_see", "version": self.version + 1})
            made: dict[str, Any] = self.player.do({"do": "step", "room": self.room})
            seen = self.spectators.result()
            self.version, self.news_bytes = made["version"], seen["bytes"]
            commands += 1
            if made["is_move"]:
                took_s.append(seen["at"] - made["sent"])
        return took_s, commands


@dataclass
class _PlainSockets:
    """The yardstick's server, and the process of as many spectators."""

    server: TaskProcess
    spectators: TaskProcess
    count: int
    version: int = 0

    def publish(self, seconds: float, news_bytes: int) -> list[float]:
        """Send news one after the other. Return how long it took until all had seen each."""
        took_s: list[float] = []
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            self.version += 1
            self.spectators.begin({"do": "until_all_see", "version": self.version})
            sent = self.server.do({"version": self.version, "to": self.count, "bytes": news_bytes})["sent"]
            took_s.append(self.spectators.result()["at"] - sent)
        return took_s
