"""A stop of the cluster that is interrupted: what it left is watched again, and becomes whole."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from client import Cluster as Connection
from client import connect
from server.control.cluster import ClusterControl
from server.runtime.security import cluster_key
from server.settings import ROOT, as_environment
from server.supervision.processes import ROLES
from server.supervision.restart_rules import STAND_DOWN_S
from server.supervision.run_directory import RunDirectory
from server.supervision.status import StatusReader
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import HANG_S, Game, end, new_names
from tests.server.control.test_cluster import left_of, pids_of
from verify.testbed.local_cluster import sandbox_cluster
from wire import COMMUNICATION, MAIN, REPLICATION

SERVERS = (MAIN, COMMUNICATION, REPLICATION)


@pytest.fixture(scope="module")
def cluster_of_all() -> Iterator[ClusterControl]:
    """A running cluster; a server that never saw another one run waits for it for a short time only."""
    with sandbox_cluster(hang_s=HANG_S, start_grace_s=2.0) as cluster:
        yield cluster
        end(cluster)


@pytest.fixture
def cluster(cluster_of_all: ClusterControl) -> ClusterControl:
    """The same, whole again, whatever a stop left of it in another test."""
    cluster_of_all.start(timeout_s=PATIENCE_S)
    wait_until(cluster_of_all.is_whole)
    return cluster_of_all


@pytest.fixture
def game(connection: Connection) -> Game:
    """A game that has just begun, between two who are in no other."""
    return Game(connection, new_names("ada", "bob"))


def ask(cluster: ClusterControl, method: str, *roles: str) -> None:
    """Ask these servers what a stop asks them, and see that they did it."""
    reader = StatusReader(cluster.settings, RunDirectory(cluster.settings), cluster_key(cluster.settings))
    for role in roles:
        wait_until(lambda role=role: reader.call(role, method) is not None)  # type: ignore[misc]


@pytest.mark.parametrize("stopped", [(), (COMMUNICATION,), (COMMUNICATION, REPLICATION), (MAIN, COMMUNICATION)])
def test_a_stop_that_comes_to_no_end_leaves_a_cluster_that_becomes_whole(
    cluster: ClusterControl, game: Game, stopped: tuple[str, ...]
) -> None:
    game.play(0)
    ask(cluster, "stand_down", *SERVERS)
    ask(cluster, "stop", *stopped)
    for role in stopped:
        wait_until(lambda role=role: cluster.process_of(role) is None)  # type: ignore[misc]
    if not stopped:
        cluster.kill(MAIN)  # while nobody looks
    wait_until(
        lambda: len(pids_of(cluster)) == len(ROLES),
        what=f"all run again, once they have stood down for {STAND_DOWN_S:g} s",
    )
    wait_until(cluster.is_whole)
    game.play(3)
    assert game.x.view().board["cells"] == "X..O....."


def test_servers_that_stand_down_start_nobody_as_long_as_they_are_asked_again(cluster: ClusterControl) -> None:
    ask(cluster, "stand_down", *SERVERS)
    cluster.kill(COMMUNICATION)
    before = status_of_watchers(cluster)
    for _ in range(20):
        ask(cluster, "stand_down", MAIN, REPLICATION)
        assert cluster.process_of(COMMUNICATION) is None
    assert status_of_watchers(cluster) == before


def servers_left(cluster: ClusterControl) -> list[str]:
    """Every process of it but the name server, which watches nobody."""
    return [process for process in left_of(cluster.settings) if "pyro4-ns" not in process]


def status_of_watchers(cluster: ClusterControl) -> dict[str, int]:
    """How many processes the replication server has started in each role."""
    reader = StatusReader(cluster.settings, RunDirectory(cluster.settings), cluster_key(cluster.settings))
    status = reader.call(REPLICATION, "status") or {}
    return {role: watched["starts"] for role, watched in status["watches"].items()}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill-9"])
def test_the_command_is_interrupted_and_the_cluster_is_whole_or_gone(
    cluster: ClusterControl, number: signal.Signals
) -> None:
    command = subprocess.Popen(
        [sys.executable, "tictactoe.py", "cluster", "stop"],
        cwd=ROOT,
        env=as_environment(cluster.settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: len(pids_of(cluster)) < len(ROLES) or command.poll() is not None)
    command.send_signal(number)
    _, errors = command.communicate()
    assert "Traceback" not in errors
    wait_until(lambda: all(map(cluster.process_of, SERVERS)) or not cluster.runs_here(), what="by what is written down")
    wait_until(lambda: cluster.is_whole() or not servers_left(cluster), what="all of it, or no server")
    if servers_left(cluster):
        with connect(cluster.name_server) as connection:
            Game(connection, new_names("ada", "bob")).play(0, 3)


def test_an_interrupted_stop_prints_what_happens_next(
    cluster: ClusterControl, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from typer.testing import CliRunner

    import tictactoe

    def interrupted(_: ClusterControl) -> None:
        raise KeyboardInterrupt

    for name, value in as_environment(cluster.settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(ClusterControl, "stop", interrupted)
    result = CliRunner().invoke(tictactoe.app, ["cluster", "stop"])
    monkeypatch.undo()
    assert result.exit_code == 2
    assert "Run cluster stop again" in result.output + capsys.readouterr().err
