"""A cluster as it is controlled from outside: real processes. Most tests share one, which the next starts again.

They stand in such an order that few have to.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from server.control.cluster import CannotStart, ClusterControl, NotRunning
from server.control.stopping import CannotStop
from server.settings import Settings
from server.supervision import processes
from server.supervision.processes import ROLES
from server.supervision.role_status import RoleStatus
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import end, whole
from verify.testbed.local_cluster import sandbox_settings
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION
from wire.errors import Forbidden

SERVERS = (MAIN, COMMUNICATION, REPLICATION)


@contextmanager
def owner() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def its_owner() -> Iterator[subprocess.Popen[bytes]]:
    """The process that the shared cluster ends with."""
    with owner() as process:
        yield process


@pytest.fixture(scope="module")
def lasting_changes(its_owner: subprocess.Popen[bytes]) -> dict[str, Any]:
    """It has an owner, and a start may take long."""
    return {"owner_pid": its_owner.pid, "start_limit_s": 120.0}


@pytest.fixture(scope="module")
def hasty_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterControl]:
    """Not started. A server that never ran is missed soon, and one that hangs only late."""
    cluster = ClusterControl(sandbox_settings(tmp_path_factory.mktemp("hasty"), start_grace_s=0.2, hang_s=20.0))
    yield cluster
    end(cluster)


@pytest.fixture
def cluster(lasting_cluster: ClusterControl) -> ClusterControl:
    """The one that tests share, whole again."""
    return whole(lasting_cluster)


@pytest.fixture
def stopped_cluster(lasting_cluster: ClusterControl) -> ClusterControl:
    """The one that tests share, stopped."""
    lasting_cluster.stop(timeout_s=PATIENCE_S)
    return lasting_cluster


def pids_of(cluster: ClusterControl) -> dict[str, int]:
    return {role: run.pid for role in ROLES if (run := cluster.process_of(role)) is not None}


def status_of(cluster: ClusterControl, role: str) -> RoleStatus:
    return next(status for status in cluster.status() if status.role == role)


def left_of(settings: Settings) -> list[str]:
    """Every process of a cluster, also one that no run file knows: found by the environment it was started with."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("DATA_FOLDER") == str(settings.data):
                found.append(f"{process.pid} {' '.join(process.cmdline())}")
        except psutil.Error:
            continue
    return found


@contextmanager
def occupied(port: int) -> Iterator[None]:
    """Somebody else listens on that port."""
    with socket.create_server(("127.0.0.1", port)):
        yield


# -- start and stop -------------------------------------------------------------------------------------------------


def test_starting_a_running_cluster_changes_nothing(cluster: ClusterControl) -> None:
    before = pids_of(cluster)
    cluster.start()
    assert pids_of(cluster) == before


def test_another_cluster_key_is_refused_by_name(cluster: ClusterControl) -> None:
    stranger = ClusterControl(replace(cluster.settings, cluster_key="quite another key"))
    with pytest.raises(Forbidden, match="key"):
        stranger.status()


def test_a_replication_server_ends_a_hung_name_server_that_it_never_heard(cluster: ClusterControl) -> None:
    pid = pids_of(cluster)[NAME_SERVER]
    os.kill(pid, signal.SIGSTOP)
    cluster.kill(REPLICATION)
    wait_until(cluster.is_whole, what="all four run, long before a start would have had its time")
    assert pids_of(cluster)[NAME_SERVER] != pid


def test_a_stop_that_took_too_long_names_what_it_found_and_two_who_start_again_start_once_in_a_higher_epoch(
    cluster: ClusterControl,
) -> None:
    before, epoch = pids_of(cluster), status_of(cluster, MAIN).epoch
    with pytest.raises(CannotStop, match=r"_server \(pid \d+\)"):  # which of them is still there is chance
        cluster.stop(timeout_s=0.0)
    cluster.stop()
    assert left_of(cluster.settings) == []
    assert [status.state for status in cluster.status()] == ["stopped"] * 4
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: one.start(), (cluster, ClusterControl(cluster.settings))))
    assert cluster.is_whole()
    wait_until(
        lambda: len(left_of(cluster.settings)) <= len(ROLES) + 2, what="one of each role, the template, its spare"
    )
    assert not set(before.values()) & set(pids_of(cluster).values())
    assert status_of(cluster, MAIN).epoch == (epoch or 0) + 1


@pytest.mark.parametrize("role", ROLES)
def test_a_stop_while_a_killed_server_is_started_again_leaves_nothing(cluster: ClusterControl, role: str) -> None:
    cluster.kill(role)
    cluster.stop()
    assert left_of(cluster.settings) == []


def test_a_started_cluster_is_whole_and_says_each_role_as_it_comes_up(stopped_cluster: ClusterControl) -> None:
    cluster = stopped_cluster
    told: list[str] = []
    cluster.start(told.append)
    assert sorted(told) == sorted(ROLES)
    assert cluster.is_whole()
    statuses = cluster.status()
    assert [status.role for status in statuses] == list(ROLES)
    assert {status.role: status.pid for status in statuses} == pids_of(cluster)
    assert status_of(cluster, MAIN).step == "in step"


def test_stopping_what_does_not_run_is_no_error(make_cluster: Any) -> None:
    cluster = make_cluster()
    cluster.stop()
    cluster.stop()
    assert not cluster.is_whole()


def test_a_stop_that_took_too_long_is_no_error_where_nothing_runs(make_cluster: Any) -> None:
    make_cluster().stop(timeout_s=0.0)


@pytest.mark.parametrize("role", ROLES)
def test_a_stop_ends_a_server_that_was_started_this_moment(make_cluster: Any, role: str) -> None:
    cluster = make_cluster()
    child = processes.start(role, cluster.settings)
    cluster.stop()
    assert child.wait(PATIENCE_S) is not None
    assert left_of(cluster.settings) == []


def test_a_stop_ends_a_main_server_that_waits_for_its_term(make_cluster: Any) -> None:
    cluster = make_cluster(start_grace_s=60.0)
    child = processes.start(MAIN, cluster.settings)
    wait_until(lambda: status_of(cluster, MAIN).step == "waiting for office")
    cluster.stop()
    assert child.wait(PATIENCE_S) == 0, "asked to, it ends in good order"


def test_a_stop_leaves_alone_what_only_looks_like_a_server(make_cluster: Any, tmp_path: Path) -> None:
    cluster = make_cluster()
    script = tmp_path / "main_server.py"
    script.write_text("import sys; print('up', flush=True); sys.stdin.read()")
    environment = {**os.environ, "DATA_FOLDER": str(cluster.settings.data)}
    with subprocess.Popen(
        [sys.executable, str(script)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        try:
            assert other.stdout is not None
            other.stdout.readline()
            cluster.stop()
            assert other.poll() is None
        finally:
            other.kill()


def test_a_role_that_cannot_come_up_is_named_with_what_its_log_says(make_cluster: Any) -> None:
    cluster = make_cluster()
    port = cluster.settings.communication_port
    with occupied(port), pytest.raises(CannotStart, match=f"(?s){COMMUNICATION} .*cannot listen on 127.0.0.1:{port}:"):
        cluster.start()


# -- kill and look --------------------------------------------------------------------------------------------------


def test_who_does_not_run_cannot_be_killed(make_cluster: Any) -> None:
    cluster = make_cluster()
    for role in ROLES:
        with pytest.raises(NotRunning, match=role):
            cluster.kill(role)


# -- servers that keep dying, and those that hang --------------------------------------------------------------------


def is_tried_again_with_growing_pauses(cluster: ClusterControl, role: str, port: int) -> None:
    """Start a stopped cluster while that role's port is taken, which is free in the end."""

    def pause_s() -> float:
        said = re.fullmatch(r"keeps dying \(\d+ failed starts\), next try in ([\d.]+) s", status_of(cluster, role).note)
        return float(said[1]) if said else 0.0

    with occupied(port):
        with pytest.raises(CannotStart, match=role):
            cluster.start()
        wait_until(lambda: pause_s() >= 0.2, what="a pause that has grown from 0.05 s")
        assert not cluster.is_whole()
    wait_until(cluster.is_whole, what="the port is free: all four run")
    assert status_of(cluster, role).note == ""


def test_a_communication_server_that_keeps_dying_is_tried_again_with_growing_pauses(
    hasty_cluster: ClusterControl,
) -> None:
    hasty_cluster.stop(timeout_s=PATIENCE_S)
    is_tried_again_with_growing_pauses(hasty_cluster, COMMUNICATION, hasty_cluster.settings.communication_port)


def test_a_stop_while_everything_dies_leaves_nothing(hasty_cluster: ClusterControl) -> None:
    cluster = whole(hasty_cluster)
    cluster.kill(MAIN)
    wait_until(lambda: cluster.process_of(MAIN), what="the next one runs")
    cluster.kill(COMMUNICATION)
    cluster.kill(REPLICATION)
    cluster.stop()
    assert left_of(cluster.settings) == []


def test_a_main_server_that_keeps_dying_is_tried_again_with_growing_pauses(hasty_cluster: ClusterControl) -> None:
    hasty_cluster.stop(timeout_s=PATIENCE_S)
    is_tried_again_with_growing_pauses(hasty_cluster, MAIN, hasty_cluster.settings.main_port)


def test_status_tells_a_hung_server_from_one_that_does_not_run(hasty_cluster: ClusterControl) -> None:
    cluster = whole(hasty_cluster)
    pid = pids_of(cluster)[COMMUNICATION]
    os.kill(pid, signal.SIGSTOP)
    try:
        status = status_of(cluster, COMMUNICATION)
        assert (status.state, status.pid) == ("silent", pid)
        assert not cluster.is_whole()
    finally:
        os.kill(pid, signal.SIGCONT)


def test_hung_servers_are_stopped_as_well(hasty_cluster: ClusterControl) -> None:
    cluster = whole(hasty_cluster)
    for pid in pids_of(cluster).values():
        os.kill(pid, signal.SIGSTOP)
    cluster.stop()
    assert left_of(cluster.settings) == []


# -- the owner ------------------------------------------------------------------------------------------------------


def test_a_main_server_that_waits_for_its_term_ends_with_its_owner(make_cluster: Any) -> None:
    with owner() as its_owner:
        cluster = make_cluster(owner_pid=its_owner.pid, start_grace_s=60.0)
        processes.start(NAME_SERVER, cluster.settings)
        child = processes.start(MAIN, cluster.settings)
        wait_until(lambda: status_of(cluster, MAIN).step == "waiting for office")
        its_owner.kill()
        wait_until(lambda: child.poll() is not None, what="the main server is gone")


def test_a_cluster_ends_with_its_owner_also_when_nobody_has_collected_him(
    cluster: ClusterControl, its_owner: subprocess.Popen[bytes]
) -> None:
    """The last test of the shared cluster, which ends for good."""
    its_owner.kill()
    wait_until(lambda: not left_of(cluster.settings), what="all of the cluster is gone")
