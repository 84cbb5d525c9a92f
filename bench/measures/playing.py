"""The cost of a move: in one room, in many at once, and until the opponent has seen it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from bench.figures import FigureRow, Round
from bench.measured_cluster import LOG, MakeCluster, MeasuredCluster
from bench.measures.players import Rooms, open_rooms, play, players_in
from bench.measures.scale import Scale
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
        (alone,) = open_rooms(players[:1], 1)
        duel: str = players[0].do({"do": "create"})["room"]
        rooms = open_rooms(players, scale.playing // scale.processes)
        in_use = _RoomsInUse(servers, players, yardsticks, scale.seconds, alone, duel, rooms)
        rounds = [(*in_use.one_room(), *in_use.many_rooms()) for _ in range(scale.rounds)]
    move, move_by_chain, seen, moves, moves_by_chain, main = zip(*rounds, strict=True)
    target = MOST_ECHOES if find_spec("uvloop") else MOST_ECHOES_WITHOUT_UVLOOP
    what = "acknowledged move, one room, p50"
    yield FigureRow("move", what, "µs", move, ECHO, target, reach=2.2)
    yield FigureRow("move, chain", what, "µs", move_by_chain, CHAIN)
    yield FigureRow("seen", "move sent → the opponent has seen it, p50", "µs", seen, ECHO, 4.5, reach=3.3)
    what = f"commands a second, {scale.playing} rooms, {2 * scale.playing} clients"
    yield FigureRow("moves", what, "moves/s", moves, ECHO, 0.75, "at least", reach=1.2)
    yield FigureRow("moves, chain", what, "moves/s", moves_by_chain, CHAIN)
    what = f"the main server's processor time a command, {scale.playing} rooms"
    yield FigureRow("main a command", what, "µs", main, target=50.0, reach=31.0)


@dataclass(frozen=True)
class _RoomsInUse:
    """The rooms in use, and their players. Each method measures its rows once, right after their yardsticks."""

    servers: MeasuredCluster
    players: Sequence[TaskProcess]
    yardsticks: Yardsticks
    seconds: float
    alone: Sequence[str]
    duel: str
    rooms: Rooms

    def one_room(self) -> tuple[Round, Round, Round]:
        """Return the rounds of ``move``, ``move, chain`` and ``seen``."""
        echo = self.yardsticks.lone_echo(self.seconds)
        chain = self.yardsticks.chain.measure([1], self.seconds)
        played = play(self.servers, self.players[:1], [self.alone], self.seconds)
        return played.p50_beside(echo), played.p50_beside(chain), self._seen(echo.p50_us)

    def _seen(self, echo_us: float) -> Round:
        """Measure the time from sending each move until the other process has seen it."""
        task = {"do": "duel", "room": self.duel, "until": time.monotonic() + self.seconds}
        sides, used_s = used_by(self.servers.pids(LOG), lambda: all_do(self.players[:2], task))
        one, other = sides
        took_s = [
            watching["seen"][version] - moving["sent"][version]
            for moving, watching in ((one, other), (other, one))
            for version in moving["sent"]
            if version in watching["seen"]
        ]
        processor_us = each_us(used_s, one["commands"] + other["commands"])
        return Round(percentile(took_s, 50) * US, echo_us, processor_us)

    def many_rooms(self) -> tuple[Round, Round, Round]:
        """Return the rounds of ``moves``, ``moves, chain`` and ``main a command``."""
        shares = [len(mine) for mine in self.rooms]
        echo = self.yardsticks.echo.measure(shares, self.seconds)
        chain = self.yardsticks.chain.measure(shares, self.seconds)
        played = play(self.servers, self.players, self.rooms, self.seconds)
        beside_echo = played.rate_beside(echo)
        main = Round(played.processor_us["main"], processor_us=beside_echo.processor_us)
        return beside_echo, played.rate_beside(chain), main
