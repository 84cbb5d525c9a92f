"""G5: the template process may die or hang, alone or with servers. Games go on, and survivors start another."""

from __future__ import annotations

import os
import signal

import psutil
import pytest

from server.control.cluster import ClusterControl
from server.supervision import processes
from server.supervision.processes import ROLES, TEMPLATE
from server.supervision.run_file import RunFile
from tests.conditions import wait_until
from tests.conftest import Game
from wire import COMMUNICATION, MAIN, REPLICATION

SERVERS = (MAIN, COMMUNICATION, REPLICATION)


def ready(cluster: ClusterControl) -> RunFile | None:
    """The template process, once it answers."""
    return cluster.process_of(TEMPLATE) if cluster.template_status().state == "running" else None


def signal_all(cluster: ClusterControl, roles: tuple[str, ...], number: signal.Signals) -> list[RunFile]:
    runs = [run for role in roles if (run := cluster.process_of(role)) is not None]
    assert len(runs) == len(roles)
    for run in runs:
        os.kill(run.pid, number)
    return runs


KILLED = [(TEMPLATE,), *((role, TEMPLATE) for role in SERVERS), (MAIN, REPLICATION), (MAIN, REPLICATION, TEMPLATE)]


@pytest.mark.parametrize("roles", KILLED, ids="+".join)
def test_g5_survivors_replace_what_was_killed_with_the_template_and_fork_from_the_next(
    cluster: ClusterControl, game: Game, roles: tuple[str, ...]
) -> None:
    wait_until(lambda: ready(cluster))
    killed = signal_all(cluster, roles, signal.SIGKILL)
    game.play(0)
    wait_until(cluster.is_whole)
    template = wait_until(lambda: ready(cluster), what="a template again")
    assert TEMPLATE not in roles or template not in killed
    cluster.kill(MAIN)
    game.play(3)
    main = cluster.process_of(MAIN)
    assert main is not None
    assert psutil.Process(main.pid).ppid() == template.pid
    wait_until(lambda: count(cluster) == {**dict.fromkeys(ROLES, 1), TEMPLATE: 2}, what="no more than it and its spare")


@pytest.mark.parametrize("roles", [(TEMPLATE,), (MAIN, TEMPLATE), (MAIN, REPLICATION, TEMPLATE)], ids="+".join)
def test_g5_a_template_that_hangs_is_replaced_and_holds_up_no_takeover(
    cluster: ClusterControl, game: Game, roles: tuple[str, ...]
) -> None:
    hung = wait_until(lambda: ready(cluster))
    os.kill(hung.pid, signal.SIGSTOP)
    signal_all(cluster, roles[:-1], signal.SIGKILL)
    game.play(0)
    wait_until(lambda: not hung.alive, what="the hung template to be ended")
    wait_until(cluster.is_whole)
    wait_until(lambda: ready(cluster), what="another in its place")
    game.play(3)
    wait_until(lambda: count(cluster) == {**dict.fromkeys(ROLES, 1), TEMPLATE: 2}, what="no more than it and its spare")


def test_g5_all_but_the_front_door_are_killed_and_come_back(cluster: ClusterControl, game: Game) -> None:
    wait_until(lambda: ready(cluster))
    signal_all(cluster, (*(role for role in ROLES if role != COMMUNICATION), TEMPLATE), signal.SIGKILL)
    game.play(0)
    wait_until(cluster.is_whole)
    wait_until(lambda: ready(cluster))


@pytest.mark.parametrize("hung", [False, True])
def test_g5_a_stop_ends_the_template_too(cluster: ClusterControl, *, hung: bool) -> None:
    template = wait_until(lambda: ready(cluster))
    if hung:
        os.kill(template.pid, signal.SIGSTOP)
    cluster.stop()
    assert not template.alive
    assert processes.find_runs(cluster.settings) == []


def test_g5_the_template_does_not_outlive_servers_that_were_all_killed(cluster: ClusterControl) -> None:
    template = wait_until(lambda: ready(cluster))
    runs = signal_all(cluster, ROLES, signal.SIGSTOP)  # first: none of them notices that another is gone
    for run in runs:
        os.kill(run.pid, signal.SIGKILL)
    wait_until(lambda: not template.alive)
    wait_until(lambda: processes.find_runs(cluster.settings) == [])


def count(cluster: ClusterControl) -> dict[str, int]:
    runs = processes.find_runs(cluster.settings)
    return {role: sum(run.role == role for run in runs) for role in (*ROLES, TEMPLATE)}
