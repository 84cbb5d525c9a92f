"""How moves a second and their latency grow with the number of rooms that are played in at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from client.bench.figures import Round, Row, percentile
from client.bench.processes import BARE, TaskProcess, all_do, each_does, echo_server, task_processes
from client.bench.scale import MS, PLAYERS, Scale, took_s
from client.bench.servers import Cluster

ECHO = "bare Pyro4 echoes of the same bytes by as many clients"


def growth(cluster: Cluster, scale: Scale) -> Iterator[Row]:
    """Moves a second, and how long each takes, in 1, 2, 4 and more rooms at once."""
    with (
        cluster() as servers,
        echo_server(servers.free_port),
        task_processes(scale.processes, *PLAYERS, servers.name_server) as players,
        task_processes(scale.processes, BARE, "call", str(servers.free_port)) as callers,
    ):
        rooms = [
            opened["rooms"]
            for opened in all_do(players, {"do": "open", "tables": -(-scale.most_rooms // scale.processes)})
        ]
        number = 1
        while number <= scale.most_rooms:
            shares = _shares(number, scale.processes)
            echoes = _echoes(callers, shares, scale.seconds)
            tasks = [
                (player, {"do": "play", "rooms": mine[:share], "seconds": scale.seconds})
                for player, mine, share in zip(players, rooms, shares, strict=True)
                if share
            ]
            played = each_does(tasks)
            took_ms = [took * MS for result in played for took in took_s(result["moves"])]
            rate = sum(len(result["moves"]) / result["seconds"] for result in played)
            yield Row(rooms_row(number), f"moves a second, {number} rooms", "moves/s", (Round(rate, echoes),), ECHO)
            note = f"p99 {percentile(took_ms, 99):.3g} ms"
            p50 = (Round(percentile(took_ms, 50)),)
            yield Row(latency_row(number), f"acknowledged move, {number} rooms, p50", "ms", p50, note=note)
            number *= 2


def rooms_row(rooms: int) -> str:
    """The name of the row of moves a second."""
    return f"rooms {rooms}"


def latency_row(rooms: int) -> str:
    """The name of the row of how long a move takes."""
    return f"rooms {rooms}, a move"


def _shares(rooms: int, processes: int) -> list[int]:
    """How many of the rooms each process has."""
    return [rooms // processes + (number < rooms % processes) for number in range(processes)]


def _echoes(callers: Sequence[TaskProcess], shares: Sequence[int], seconds: float) -> float:
    """Echoes a second, of all processes together."""
    tasks = [
        (caller, {"pairs": share, "seconds": seconds}) for caller, share in zip(callers, shares, strict=True) if share
    ]
    rates: list[float] = [len(result["took_s"]) / result["seconds"] for result in each_does(tasks)]
    return sum(rates)
