"""Two clusters, or a cluster and another project, at one name server: nobody is ended, replaced or sent astray."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from client import connect
from server.control.cluster import CannotStart, ClusterControl, NotRunning
from server.control.upgrade import upgrade
from server.process.registration import NAMES
from server.runtime.security import cluster_id, cluster_key
from server.settings import ROOT, Settings, as_environment
from server.supervision import processes
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import HANG_S, end
from tests.server.control.test_cluster import left_of, pids_of, status_of
from verify.testbed.local_cluster import copy_data_folder, sandbox_settings
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION, rpc
from wire.errors import TicTacToeError
from wire.rpc import Address, Registered

SERVERS = (MAIN, COMMUNICATION, REPLICATION)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Another project's name server, and its port."""
    port = sandbox_settings(tmp_path_factory.mktemp("theirs")).name_server_port
    name_server = str(Path(sys.executable).with_name("pyro4-ns"))
    with subprocess.Popen([name_server, "-n", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: rpc.name_server_answers(Address("127.0.0.1", port), timeout_s=PATIENCE_S))
            yield process, port
        finally:
            process.kill()


@pytest.fixture(scope="module")
def two(
    theirs: tuple[subprocess.Popen[bytes], int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ClusterControl, ClusterControl]]:
    """Two clusters that are to use that name server, for all tests."""
    one, other = (
        ClusterControl(sandbox_settings(folder / "data", name_server_port=theirs[1], start_grace_s=0.2, hang_s=HANG_S))
        for folder in (tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("other"))
    )
    try:
        yield one, other
    finally:
        end(one)
        end(other)


@pytest.fixture
def one(two: tuple[ClusterControl, ClusterControl]) -> ClusterControl:
    """The first of them: it runs and has a room, and the other does not run."""
    one, other = two
    if other.runs_here():
        other.stop()
    one.start(timeout_s=PATIENCE_S)
    if not titles(one):
        with connect(one.name_server, deadline_s=PATIENCE_S) as connection:
            connection.claim("ada").create("the first cluster's")
    return one


@pytest.fixture
def other(two: tuple[ClusterControl, ClusterControl]) -> ClusterControl:
    return two[1]


def id_of(cluster: ClusterControl) -> str:
    return cluster_id(cluster_key(cluster.settings))


def titles(cluster: ClusterControl) -> list[str]:
    """The rooms that a visitor sees who asks the name server."""
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        return [row.title for row in connection.rooms()]


def entries(cluster: ClusterControl) -> dict[str, Registered]:
    return dict(rpc.entries(cluster.settings.name_server, NAMES, timeout_s=PATIENCE_S))


# -- entries ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("whose", ["another", "the same"])
def test_entries_that_lead_to_no_living_server_are_replaced(
    two: tuple[ClusterControl, ClusterControl], whose: str
) -> None:
    cluster = two[0]
    cluster.stop()
    for name in NAMES:
        dead = Registered(Address("127.0.0.1", 9), "f00f00f00f00" if whose == "another" else id_of(cluster))
        rpc.register(cluster.settings.name_server, name, dead, timeout_s=PATIENCE_S)
    cluster.start(timeout_s=PATIENCE_S)
    assert cluster.is_whole()
    assert {entry.cluster for entry in entries(cluster).values()} == {id_of(cluster)}


def test_a_copy_with_other_ports_does_not_take_the_names_of_the_original(one: ClusterControl, tmp_path: Path) -> None:
    copy = copy_data_folder(one.settings.data, tmp_path / "copy")
    ports = sandbox_settings(copy)
    settings = dataclasses.replace(ports, name_server_port=one.settings.name_server_port)
    before = pids_of(one)
    try:
        with pytest.raises(CannotStart, match="the original of a copied data folder"):
            ClusterControl(settings).start()
        assert pids_of(one) == before
        assert one.is_whole()
    finally:
        end(ClusterControl(settings))


# -- two clusters -----------------------------------------------------------------------------------------------------


def test_a_cluster_is_not_started_where_another_has_the_names(one: ClusterControl, other: ClusterControl) -> None:
    before = entries(one)
    with pytest.raises(CannotStart, match=rf"nothing was started: .* of cluster {id_of(one)} at .*NAME_SERVER_PORT"):
        other.start()
    assert left_of(other.settings) == []
    assert entries(one) == before
    assert {entry.cluster for entry in before.values()} == {id_of(one)}


def test_visitors_find_the_first_cluster_also_while_servers_of_another_run_and_stay_with_it(
    one: ClusterControl, other: ClusterControl
) -> None:
    for role in SERVERS:
        processes.start(role, other.settings)
    wait_until(lambda: all(status.state == "running" for status in other.status()))
    wait_until(lambda: all(not status_of(other, role).registered for role in SERVERS), what="each has seen the other")
    assert id_of(one) in status_of(other, MAIN).note
    one.kill(COMMUNICATION)
    assert [titles(one) for _ in range(12)] == [["the first cluster's"]] * 12
    assert one.is_whole()
    assert not other.is_whole()
    with connect(one.name_server, deadline_s=2.0) as connection:
        assert connection.cluster_id == id_of(one)
        one.stop()
        wait_until(other.is_whole, what="the names are free: the other cluster has them now")
        assert titles(other) == []
        with pytest.raises(TicTacToeError):
            connection.rooms()
        other.stop()
        one.start(timeout_s=PATIENCE_S)
        assert [row.title for row in connection.rooms()] == ["the first cluster's"]


# -- another project's name server ------------------------------------------------------------------------------------


def test_another_projects_name_server_is_used_and_left_running(
    theirs: tuple[subprocess.Popen[bytes], int], one: ClusterControl
) -> None:
    process, port = theirs
    rpc.register(Address("127.0.0.1", port), "their.object", Registered(Address("127.0.0.1", 9)), timeout_s=PATIENCE_S)
    assert "was not started by this cluster" in status_of(one, NAME_SERVER).note
    with pytest.raises(NotRunning, match="was not started by this cluster"):
        one.kill(NAME_SERVER)
    said: list[str] = []
    upgrade(one, on_step=said.append)
    assert any("was not started by this cluster" in words for words in said)
    one.stop()
    assert process.poll() is None
    assert rpc.look_up(Address("127.0.0.1", port), "their.object", timeout_s=PATIENCE_S).address.port == 9
    assert entries(one) == {}, "our own entries are gone"


def test_the_command_says_that_a_name_server_was_left_running(
    theirs: tuple[subprocess.Popen[bytes], int], settings: Settings
) -> None:
    process, port = theirs
    done = subprocess.run(
        [sys.executable, "tictactoe.py", "cluster", "stop"],
        cwd=ROOT,
        env=as_environment(dataclasses.replace(settings, name_server_port=port)),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    assert "The cluster is stopped." in done.stdout
    assert f"127.0.0.1:{port} was not started by this cluster: it is left running." in " ".join(done.stdout.split())
    assert process.poll() is None
