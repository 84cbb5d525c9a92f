"""The peers' figures: an acknowledged move in one room, and commands in many rooms at once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.calls import Calls, measure
from bench.figures import FigureRow, Round
from bench.measured_cluster import MakeCluster
from bench.measures.playing import ECHO
from bench.measures.scale import Scale
from bench.yardsticks import Yardsticks
from game.errors import InvalidArgument
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

    def play(players: Sequence[TaskProcess], rooms: int) -> Calls:
        task = {"do": "play", "rooms": rooms, "seconds": seconds}
        return measure({"peer": server.pid}, [(player, task) for player in players])

    echo = yardsticks.lone_echo(seconds)
    alone = play(players[:1], 1)
    echoes = yardsticks.echo.measure([each] * len(players), seconds)
    return alone.p50_beside(echo), play(players, each).rate_beside(echoes)
