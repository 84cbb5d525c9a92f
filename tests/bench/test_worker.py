"""The processes of players: both sides of a duel end together, and every command is counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from bench.spectators import Spectators
from bench.worker import DRAWN, Worker
from client import connect
from game.rooms.events import Left
from server.control.cluster import ClusterControl
from tests.conditions import wait_until
from verify.testbed.local_cluster import sandbox_cluster
from verify.testbed.task_processes import task_processes

NOBODY_IS_AWAY_S = 3600.0
"""A side that waits for an opponent until the servers count that opponent as away would wait this long."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterControl]:
    with sandbox_cluster(away_s=NOBODY_IS_AWAY_S) as started:
        yield started


def test_a_side_ends_with_its_opponent_although_it_waits_for_a_move(cluster: ClusterControl) -> None:
    """The opponent ends at the same moment, without a move, although it is that side's turn."""
    worker = Worker(cluster.name_server)
    room = str(worker.create()["room"])
    until = time.monotonic() + 1.0
    playing = threading.Thread(target=worker.duel, args=(room, until))
    with connect(cluster.name_server) as connection:
        opponent = connection.claim("idle").room(room)
        opponent.join()
        playing.start()
        wait_until(lambda: opponent.view().phase == "playing" and time.monotonic() > until)
        opponent.leave()
        playing.join()


def test_a_side_that_ends_leaves_so_that_its_opponent_gets_news(cluster: ClusterControl) -> None:
    worker = Worker(cluster.name_server)
    room = str(worker.create()["room"])
    worker.duel(room, time.monotonic())
    with connect(cluster.name_server) as connection:
        opponent = connection.claim("late").room(room)
        events = [event for _, event in next(opponent.watch(0)).events]
    assert any(isinstance(event, Left) for event in events)


def test_all_commands_are_counted_rematches_too(cluster: ClusterControl) -> None:
    worker = Worker(cluster.name_server)
    rooms: list[str] = worker.open(1)["rooms"]  # type: ignore[assignment]
    played: dict[str, Any] = worker.play(rooms, 0.5)
    with connect(cluster.name_server) as connection:
        view = connection.claim("reader").room(rooms[0]).view()
    games = view.game_number - 1
    assert len(played["moves"]) == games * len(DRAWN) + len(view.moves)
    assert played["commands"] == len(played["moves"]) + games * 2 + len(view.rematch)


def test_spectators_see_each_command_and_a_refused_one_is_an_error(cluster: ClusterControl) -> None:
    worker, spectators = Worker(cluster.name_server), Spectators()
    room = worker.open(1)["rooms"][0]  # type: ignore[index]
    admitted = worker.admit(room, 3)
    spectators.watch(**admitted)  # type: ignore[arg-type]
    for _ in range(2 * len(DRAWN)):
        made = worker.step(room)
        assert spectators.until_all_see(made["version"])["at"] > made["sent"]  # type: ignore[arg-type, operator]
    stranger = Spectators()
    stranger.watch(**{**admitted, "tokens": ["x" * 43]})  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="bad_token"):
        stranger.until_all_see(made["version"])  # type: ignore[arg-type]


def test_the_yardstick_of_an_audience_answers_all_who_wait_at_once() -> None:
    spectators = Spectators()
    with task_processes(1, "-m", "bench.fan_out") as (server,):
        port = int(server.line())
        spectators.watch(("127.0.0.1", port), "room", ["x" * 43] * 5, 0)
        for version in range(1, 10):
            sent = server.do({"version": version, "to": 5, "bytes": 1000})["sent"]
            seen = spectators.until_all_see(version)
            assert seen["at"] > sent  # type: ignore[operator]
            assert abs(seen["bytes"] - 1000) < 10  # type: ignore[operator]
