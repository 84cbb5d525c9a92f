"""The peers' figures: an acknowledged move in one room, and commands in many rooms at once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.measured_cluster import MakeCluster
from bench.measures.figures import FigureRow, Round
from bench.measures.players import rate_per_s
from bench.measures.playing import ECHO
from bench.measures.scale import Scale
from bench.processor_time import US, each_us, used_by
from bench.yardsticks import Yardsticks
from game.errors import InvalidArgument
from verify.testbed.percentiles import percentile
from verify.testbed.task_processes import TaskProcess, all_do, task_processes

HERE = Path(__file__).parent
PEERS = {"boardgame.io": "boardgame_io", "Colyseus": "colyseus"}
"""Their names, and the names of their files."""
NODE = "node"


def peers(_: MakeCluster, scale: Scale, yardsticks: Yardsticks) -> Iterator[FigureRow]:
    """Measure boardgame.io and Colyseus under the same scripted games, in memory and without replication."""
    if shutil.which(NODE) is None or not (HERE / "node_modules").is_dir():
        raise InvalidArgument("the peers are not installed: run bench/peers/setup.sh")
    for name, file in PEERS.items():
        script = str(HERE / "peer.cjs")
        with (
            task_processes(1, script, file, "serve", program=NODE) as (server,),
            task_processes(scale.processes, script, file, "play", server.line().strip(), program=NODE) as players,
        ):
            each = scale.playing // scale.processes
            all_do(players, {"do": "open", "rooms": each})
            rounds = [_round(server, players, each, scale.seconds, yardsticks) for _ in range(scale.rounds)]
        lone, many = zip(*rounds, strict=True)
        yield FigureRow(name, "acknowledged move, one room, p50", "µs", lone, ECHO)
        what = f"commands a second, {scale.playing} rooms, {2 * scale.playing} clients"
        yield FigureRow(f"{name}, {scale.playing}", what, "moves/s", many, ECHO)


def _round(
    server: TaskProcess, players: Sequence[TaskProcess], each: int, seconds: float, yardsticks: Yardsticks
) -> tuple[Round, Round]:
    """Measure both figures, each right after its yardstick."""
    pids = {"peer": server.pid}
    echo = yardsticks.lone_echo(seconds)
    alone, used_s = used_by(pids, lambda: players[0].do({"do": "play", "rooms": 1, "seconds": seconds}))
    lone_us = {**each_us(used_s, alone["commands"]), **echo.processor_us}
    echoes = yardsticks.echo.measure([each] * len(players), seconds)
    played, used_s = used_by(pids, lambda: all_do(players, {"do": "play", "rooms": each, "seconds": seconds}))
    many_us = {**each_us(used_s, sum(result["commands"] for result in played)), **echoes.processor_us}
    return (
        Round(percentile(alone["took_s"], 50) * US, echo.p50_us, lone_us),
        Round(rate_per_s(played), echoes.per_s, many_us),
    )
