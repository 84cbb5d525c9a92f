"""Moves per second and latency, by the number of rooms in use."""

from __future__ import annotations

from collections.abc import Iterator

from bench.figures import FigureRow, Round
from bench.measured_cluster import MakeCluster
from bench.measures.players import open_rooms, play, players_in
from bench.measures.scale import MS, Scale
from bench.yardsticks import Yardsticks
from verify.testbed.percentiles import percentile

ECHO = "bare Pyro4 echoes of the same bytes by as many clients"


def growth(cluster: MakeCluster, scale: Scale, yardsticks: Yardsticks) -> Iterator[FigureRow]:
    """Measure moves per second and the time of a move in 1, 2, 4 and more rooms at once."""
    with players_in(cluster, scale.processes) as (servers, players):
        rooms = open_rooms(players, max(_shares(scale.most_rooms, scale.processes)))
        number = 1
        while number <= scale.most_rooms:
            mine = _shares(number, scale.processes)
            echo = yardsticks.echo.measure(mine, scale.seconds)
            played_in = [of_one[:share] for of_one, share in zip(rooms, mine, strict=True)]
            played = play(servers, players, played_in, scale.seconds)
            rate = (played.rate_beside(echo),)
            yield FigureRow(rooms_row(number), f"moves a second, {number} rooms", "moves/s", rate, ECHO)
            note = f"p99 {percentile(played.took_s, 99) * MS:.3g} ms"
            p50 = (Round(percentile(played.took_s, 50) * MS, processor_us=played.processor_us),)
            yield FigureRow(latency_row(number), f"acknowledged move, {number} rooms, p50", "ms", p50, note=note)
            number *= 2


def rooms_row(rooms: int) -> str:
    """Return the name of the row with moves per second."""
    return f"rooms {rooms}"


def latency_row(rooms: int) -> str:
    """Return the name of the row with the time of a move."""
    return f"rooms {rooms}, a move"


def _shares(rooms: int, processes: int) -> list[int]:
    """Return the number of rooms for each process."""
    return [rooms // processes + (number < rooms % processes) for number in range(processes)]
