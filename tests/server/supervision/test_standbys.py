"""Where there is no template process, a supervisor keeps a stand-by, which becomes the next server of its role."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from server.control.cluster import ClusterControl
from server.supervision import processes
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import Game, MakeCluster
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION


@pytest.fixture
def cluster(make_cluster: MakeCluster, faults: Path) -> ClusterControl:
    """A cluster without a template process."""
    (faults / "no_template").touch()
    cluster = make_cluster()
    cluster.start(timeout_s=PATIENCE_S)
    return cluster


@pytest.mark.parametrize(
    ("role", "supervisor"), [(MAIN, REPLICATION), (COMMUNICATION, REPLICATION), (REPLICATION, MAIN)]
)
def test_the_stand_by_is_the_next_server(cluster: ClusterControl, game: Game, role: str, supervisor: str) -> None:
    def standbys() -> list[int]:
        served, started = cluster.process_of(role), cluster.process_of(supervisor)
        children = psutil.Process(started.pid).children() if started is not None else []
        command = processes.command_of(role, cluster.settings)
        return [one.pid for one in children if served and one.pid != served.pid and one.cmdline() == command]

    ready = list(wait_until(standbys))
    cluster.kill(role)
    game.play(0)
    wait_until(cluster.is_whole)
    new = cluster.process_of(role)
    assert new is not None
    assert new.pid in ready
    assert processes.find_runs(cluster.settings, processes.TEMPLATE) == []


def test_the_name_server_is_started_as_a_process_of_its_own(cluster: ClusterControl, game: Game) -> None:
    cluster.kill(NAME_SERVER)
    game.play(0)
    wait_until(cluster.is_whole)
    new = cluster.process_of(NAME_SERVER)
    assert new is not None
    assert processes.command_of(NAME_SERVER, cluster.settings) == psutil.Process(new.pid).cmdline()[1:], "by Python"
