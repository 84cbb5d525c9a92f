"""Moves per second and latency, by the number of rooms in use."""

from __future__ import annotations

from collections.abc import Iterator

from bench.measured_cluster import MakeCluster
from bench.measures.figures import FigureRow, Round
from bench.measures.players import both_sides, open_rooms, play_in_rooms, rate_per_s
from bench.measures.scale import MS, Scale, durations_s
from verify.testbed.percentiles import percentile
from verify.testbed.task_processes import each_does

ECHO = "bare Pyro4 echoes of the same bytes by as many clients"


def growth(cluster: MakeCluster, scale: Scale) -> Iterator[FigureRow]:
    """Measure moves per second and the time of a move in 1, 2, 4 and more rooms at once."""
    with both_sides(cluster, scale.processes) as (players, callers):
        most = max(_shares(scale.most_rooms, scale.processes))
        rooms = open_rooms(players, most)
        number = 1
        while number <= scale.most_rooms:
            shares = _shares(number, scale.processes)
            calls = [
                (caller, {"pairs": share, "seconds": scale.seconds})
                for caller, share in zip(callers, shares, strict=True)
                if share
            ]
            echoes = rate_per_s(each_does(calls), "took_s")
            played_in = [mine[:share] for mine, share in zip(rooms, shares, strict=True)]
            played = play_in_rooms(players, played_in, scale.seconds)
            took_ms = [took * MS for result in played for took in durations_s(result["moves"])]
            rate = (Round(rate_per_s(played, "moves"), echoes),)
            yield FigureRow(rooms_row(number), f"moves a second, {number} rooms", "moves/s", rate, ECHO)
            note = f"p99 {percentile(took_ms, 99):.3g} ms"
            p50 = (Round(percentile(took_ms, 50)),)
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
