"""The processes of players: both sides of a duel end together, and every command is counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from bench.worker import DRAWN, Worker
from client import connect
from game.rooms.events import Left
from server.control.cluster import ClusterControl
from tests.conditions import wait_until
from verify.testbed.local_cluster import sandbox_cluster

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
    rooms = worker.open(1)["rooms"]
    played = worker.play(rooms, 0.2)  # type: ignore[arg-type]
    games, rest = divmod(len(played["moves"]), len(DRAWN))  # type: ignore[arg-type]
    assert rest == 0
    assert played["commands"] == games * (len(DRAWN) + 2)
    with connect(cluster.name_server) as connection:
        version = connection.claim("reader").room(rooms[0]).view().version  # type: ignore[index]
    assert version >= played["commands"]  # type: ignore[operator]
