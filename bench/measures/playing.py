"""The cost of a move: in one room, in many at once, and until the opponent has seen it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import NamedTuple

from bench.measured_cluster import LOG, MakeCluster, MeasuredCluster
from bench.measures.figures import FigureRow, Round
from bench.measures.players import open_rooms, play_metered, players_in, rate_per_s
from bench.measures.scale import Scale, durations_s
from bench.processor_time import US, each_us, used_by
from bench.yardsticks import Yardsticks
from verify.testbed.percentiles import percentile
from verify.testbed.task_processes import TaskProcess, all_do

ECHO = "a bare Pyro4 echo of the same bytes"
CHAIN = "the same bytes through two bare Pyro4 servers, each of which appends to a file"
MOST_ECHOES, MOST_ECHOES_WITHOUT_UVLOOP = 3.3, 3.8


def playing(cluster: MakeCluster, scale: Scale, yardsticks: Yardsticks) -> Iterator[FigureRow]:
    """Measure moves in one room, moves in many rooms at once, and the time until the opponent has seen a move."""
    with players_in(cluster, scale.processes) as (servers, players):
        measured = _PlayingRounds(servers, players, yardsticks, scale)
        rounds = _PlayingRound(*zip(*(measured.round() for _ in range(scale.rounds)), strict=True))
    target = MOST_ECHOES if find_spec("uvloop") else MOST_ECHOES_WITHOUT_UVLOOP
    what = "acknowledged move, one room, p50"
    yield FigureRow("move", what, "µs", rounds.move, ECHO, target, reach=2.2)
    yield FigureRow("move, chain", what, "µs", rounds.move_by_chain, CHAIN)
    yield FigureRow("seen", "move sent → the opponent has seen it, p50", "µs", rounds.seen, ECHO, 4.5, reach=3.3)
    rooms = scale.playing
    what = f"commands a second, {rooms} rooms, {2 * rooms} clients"
    yield FigureRow("moves", what, "moves/s", rounds.moves, ECHO, 0.75, "at least", reach=1.2)
    yield FigureRow("moves, chain", what, "moves/s", rounds.moves_by_chain, CHAIN)
    what = f"the main server's processor time a command, {rooms} rooms"
    yield FigureRow("main a command", what, "µs", rounds.main, target=50.0, reach=31.0)


class _PlayingRound(NamedTuple):
    """One round of each row; after all rounds, the rounds of each row."""

    move: tuple[Round, ...]
    move_by_chain: tuple[Round, ...]
    seen: tuple[Round, ...]
    moves: tuple[Round, ...]
    moves_by_chain: tuple[Round, ...]
    main: tuple[Round, ...]


class _PlayingRounds:
    """The rooms in use, and their players."""

    def __init__(
        self, servers: MeasuredCluster, players: Sequence[TaskProcess], yardsticks: Yardsticks, scale: Scale
    ) -> None:
        self._servers = servers
        self._players = players
        self._yardsticks = yardsticks
        self._seconds = scale.seconds
        self._shares = [scale.playing // scale.processes] * scale.processes
        self._alone: Sequence[str] = players[0].do({"do": "open", "tables": 1})["rooms"]
        self._duel: str = players[0].do({"do": "create"})["room"]
        self._rooms = open_rooms(players, self._shares[0])

    def round(self) -> tuple[Round, ...]:
        """Measure each row once, right after its yardsticks. Return the rounds in the order of ``_PlayingRound``."""
        return (*self._one_room(), *self._many_rooms())

    def _one_room(self) -> tuple[Round, Round, Round]:
        echo = self._yardsticks.lone_echo(self._seconds)
        chain = self._yardsticks.chain.measure([1], self._seconds)
        (played,), processor_us = play_metered(self._servers, self._players[:1], [self._alone], self._seconds)
        move = percentile(durations_s(played["moves"]), 50) * US
        return (
            Round(move, echo.p50_us, {**processor_us, **echo.processor_us}),
            Round(move, chain.p50_us, {**processor_us, **chain.processor_us}),
            self._seen(echo.p50_us),
        )

    def _seen(self, echo_us: float) -> Round:
        """Measure the time from sending each move until the other process has seen it."""
        task = {"do": "duel", "room": self._duel, "until": time.monotonic() + self._seconds}
        sides, used_s = used_by(self._servers.pids(LOG), lambda: all_do(self._players[:2], task))
        one, other = sides
        took_s = [
            watching["seen"][version] - moving["sent"][version]
            for moving, watching in ((one, other), (other, one))
            for version in moving["sent"]
            if version in watching["seen"]
        ]
        processor_us = each_us(used_s, one["commands"] + other["commands"])
        return Round(percentile(took_s, 50) * US, echo_us, processor_us)

    def _many_rooms(self) -> tuple[Round, Round, Round]:
        echo = self._yardsticks.echo.measure(self._shares, self._seconds)
        chain = self._yardsticks.chain.measure(self._shares, self._seconds)
        played, processor_us = play_metered(self._servers, self._players, self._rooms, self._seconds)
        moves = rate_per_s(played)
        return (
            Round(moves, echo.per_s, {**processor_us, **echo.processor_us}),
            Round(moves, chain.per_s, {**processor_us, **chain.processor_us}),
            Round(processor_us["main"], processor_us={**processor_us, **echo.processor_us}),
        )
