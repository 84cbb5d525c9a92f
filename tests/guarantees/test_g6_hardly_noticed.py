"""G6: hardly noticed. That it happens is tested here; how long it takes is the demo's and the benchmark's to say."""

from __future__ import annotations

import os
import signal

import psutil
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


def test_g6_each_next_main_server_is_a_fork_of_the_template_however_soon_the_one_before_dies(
    cluster: ClusterControl, game: Game
) -> None:
    template = wait_until(lambda: ready_template(cluster))
    for cell in (0, 3, 1, 4, 2):
        main = cluster.process_of(MAIN)
        assert main is not None
        assert psutil.Process(main.pid).ppid() == template
        cluster.kill(MAIN)
        game.play(cell)
    assert game.x.view().winner == "ada"


@pytest.mark.parametrize("role", [MAIN, COMMUNICATION, REPLICATION, NAME_SERVER])
def test_g6_every_server_is_forked_by_the_template(cluster: ClusterControl, role: str) -> None:
    template = wait_until(lambda: ready_template(cluster))
    cluster.kill(role)
    wait_until(cluster.is_whole)
    new = cluster.process_of(role)
    assert new is not None
    assert psutil.Process(new.pid).ppid() == template


def ready_template(cluster: ClusterControl) -> int | None:
    """The pid of the template process, once it answers."""
    status = cluster.template_status()
    return status.pid if status.state == "running" else None
