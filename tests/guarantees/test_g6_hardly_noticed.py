"""G6: hardly noticed. That it happens is tested here; how long it takes is the demo's and the benchmark's to say."""

from __future__ import annotations

import os
import signal

import pytest

from server.control.cluster import ClusterControl
from tests.conditions import wait_until
from tests.conftest import Game
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION


def test_g6_a_move_that_is_made_while_the_main_server_is_dead_is_simply_made(
    cluster: ClusterControl, game: Game
) -> None:
    for cell in (0, 3, 1, 4, 2):
        cluster.kill(MAIN)
        game.play(cell)
    assert game.x.view().winner == "ada"


@pytest.mark.parametrize("role", [MAIN, COMMUNICATION, REPLICATION, NAME_SERVER])
def test_g6_a_server_that_hangs_is_ended_and_replaced(cluster: ClusterControl, game: Game, role: str) -> None:
    hung = cluster.process_of(role)
    assert hung is not None
    os.kill(hung.pid, signal.SIGSTOP)
    game.play(0)
    wait_until(lambda: not hung.alive, what="the hung server to be ended")
    wait_until(cluster.is_whole, what="another in its place")
    game.play(3)


def test_g6_the_stand_by_is_the_next_main_server(cluster: ClusterControl, game: Game) -> None:
    def standbys() -> list[int]:
        import psutil

        replication = cluster.process_of(REPLICATION)
        children = psutil.Process(replication.pid).children() if replication is not None else []
        main = cluster.process_of(MAIN)
        return [child.pid for child in children if main is not None and child.pid != main.pid]

    ready = list(wait_until(standbys))
    cluster.kill(MAIN)
    game.play(0)
    new = cluster.process_of(MAIN)
    assert new is not None
    assert new.pid in ready
