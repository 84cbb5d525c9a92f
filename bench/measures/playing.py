"""The cost of a move: in one room, in many at once, and until the opponent has seen it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.measured_cluster import MakeCluster
from bench.measures.figures import FigureRow, Round
from bench.measures.players import both_sides, open_rooms, play_in_rooms, rate_per_s
from bench.measures.scale import US, Scale, durations_s
from verify.testbed.percentiles import percentile
from verify.testbed.task_processes import TaskProcess, all_do

ECHO = "a bare Pyro4 echo of the same bytes"


def playing(cluster: MakeCluster, scale: Scale) -> Iterator[FigureRow]:
    """Measure moves in one room, moves in many rooms at once, and the time until the opponent has seen a move."""
    with both_sides(cluster, scale.processes) as (players, callers):
        rounds = _PlayingRounds(players, callers, scale)
        alone, seen, many = zip(*(rounds.measure() for _ in range(scale.rounds)), strict=True)
    rooms = scale.playing
    yield FigureRow("move", "acknowledged move, one room, p50", "µs", alone, ECHO, 2.2)
    yield FigureRow("seen", "move sent → the opponent has seen it, p50", "µs", seen, ECHO, 3.5)
    yield FigureRow(
        "moves", f"moves a second, {rooms} rooms, {2 * rooms} clients", "moves/s", many, ECHO, 0.65, "at least"
    )


class _PlayingRounds:
    """The rooms in use, and their players."""

    def __init__(self, players: Sequence[TaskProcess], callers: Sequence[TaskProcess], scale: Scale) -> None:
        self._players = players
        self._callers = callers
        self._seconds = scale.seconds
        self._each = scale.playing // scale.processes
        self._alone: Sequence[str] = players[0].do({"do": "open", "tables": 1})["rooms"]
        self._duel: str = players[0].do({"do": "create"})["room"]
        self._rooms = open_rooms(players, self._each)

    def measure(self) -> tuple[Round, Round, Round]:
        """Measure a single move, a move until it is seen, and moves in all rooms, each right after its yardstick."""
        one = percentile(self._callers[0].do({"pairs": 1, "seconds": self._seconds})["took_s"], 50)
        alone = percentile(durations_s(play_in_rooms(self._players[:1], [self._alone], self._seconds)[0]["moves"]), 50)
        seen = percentile(self._duelled(), 50)
        echoes = rate_per_s(all_do(self._callers, {"pairs": self._each, "seconds": self._seconds}), "took_s")
        moves = rate_per_s(play_in_rooms(self._players, self._rooms, self._seconds), "moves")
        return Round(alone * US, one * US), Round(seen * US, one * US), Round(moves, echoes)

    def _duelled(self) -> list[float]:
        """Return the time from sending each move until the other process has seen it."""
        one, other = all_do(self._players[:2], {"do": "duel", "room": self._duel, "seconds": self._seconds})
        return [
            watching["seen"][version] - moving["sent"][version]
            for moving, watching in ((one, other), (other, one))
            for version in moving["sent"]
            if version in watching["seen"]
        ]
