"""G10: servers start in any order; one that waits for another says for whom; a second one of a role says who runs."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from client import connect
from server.control.cluster import ClusterControl
from server.settings import ROOT, as_environment
from server.supervision import processes
from server.supervision.processes import ROLES
from tests.conditions import A_RUN_S, PATIENCE_S, wait_until
from tests.conftest import HANG_S, Game, MakeCluster, end
from tests.copies import Copies, copies_of_python
from verify.testbed.local_cluster import sandbox_settings
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

SERVERS = (MAIN, COMMUNICATION, REPLICATION)
Type = Callable[..., Path]


@pytest.fixture
def by_hand(tmp_path: Path) -> Iterator[tuple[ClusterControl, Type]]:
    """A cluster whose servers are started as a person would, each in a terminal of its own; and how to do that."""
    cluster = ClusterControl(sandbox_settings(tmp_path / "data", hang_s=HANG_S))
    started: list[subprocess.Popen[bytes]] = []
    copied: dict[int, Copies] = {}

    def type_in(*command: str, copies: Copies | None = None) -> Path:
        """With ``copies`` a server need not read all of the code again."""
        output = tmp_path / f"terminal{len(started) + len(copied)}.log"
        if copies is not None and command[0] == "python":
            copied[copies.start(command[1:], as_environment(cluster.settings), output=output, errors=output)] = copies
            return output
        with output.open("wb") as terminal:
            environment = {"PATH": str(Path(sys.executable).parent), **as_environment(cluster.settings)}
            started.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=terminal, stderr=terminal))
        return output

    def all_have_ended() -> bool:
        for pid in [pid for pid, copies in copied.items() if copies.poll(pid) is not None]:
            del copied[pid]
        if not copied and all(process.poll() is not None for process in started):
            return True
        cluster.stop()  # again and again: a server that was slow to start may have come after the last stop
        return False

    yield cluster, type_in
    end(cluster)
    for process in started:
        if "pyro4-ns" in process.args[0]:
            process.terminate()  # a stop leaves a name server that it did not start
    wait_until(all_have_ended)


@pytest.fixture(scope="module")
def copies() -> Iterator[Copies]:
    with copies_of_python() as copies:
        yield copies


def command(cluster: ClusterControl, role: str) -> list[str]:
    if role == NAME_SERVER:
        settings = cluster.settings
        return ["pyro4-ns", "-n", settings.name_server_host, "-p", str(settings.name_server_port)]
    return ["python", f"server/{role}.py"]


@pytest.mark.parametrize("order", list(itertools.permutations(SERVERS)), ids="-".join)
@pytest.mark.parametrize("name_server_first", [True, False], ids=["ns-first", "ns-last"])
def test_g10_any_order(
    by_hand: tuple[ClusterControl, Type], copies: Copies, order: tuple[str, ...], name_server_first: bool
) -> None:
    cluster, type_in = by_hand
    roles = [NAME_SERVER, *order] if name_server_first else [*order, NAME_SERVER]
    for number, role in enumerate(roles):
        type_in(*command(cluster, role), copies=copies)
        if number < len(roles) - 1:
            there = cluster.is_up if role == NAME_SERVER else cluster.process_of
            wait_until(lambda role=role, there=there: there(role))  # type: ignore[misc]
    wait_until(cluster.is_whole)
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection)
        game.play(0, 3, 1, 4, 2)
        assert game.x.view().winner == "ada"


def test_g10_as_modules_too(by_hand: tuple[ClusterControl, Type]) -> None:
    cluster, type_in = by_hand
    type_in(*command(cluster, NAME_SERVER))
    for role in SERVERS:
        type_in("python", "-m", f"server.{role}")
    wait_until(cluster.is_whole)


def test_g10_one_that_waits_says_for_whom(by_hand: tuple[ClusterControl, Type]) -> None:
    cluster, type_in = by_hand
    output = type_in(*command(cluster, MAIN))
    wait_until(lambda: "waiting" in output.read_text() and f"'{REPLICATION}'" in output.read_text())
    type_in(*command(cluster, REPLICATION))
    wait_until(lambda: "became primary" in output.read_text())


@pytest.mark.parametrize("role", SERVERS)
def test_g10_a_second_one_of_a_role_says_who_runs(shared_cluster: ClusterControl, role: str) -> None:
    cluster = shared_cluster
    runs = cluster.process_of(role)
    assert runs is not None
    second = subprocess.run(
        [sys.executable, f"server/{role}.py"],
        cwd=ROOT,
        env=as_environment(cluster.settings),
        capture_output=True,
        text=True,
        timeout=A_RUN_S,
        check=False,
    )
    assert second.returncode == processes.ALREADY_RUNNING
    assert role in second.stderr
    assert str(runs.pid) in second.stderr
    assert "Traceback" not in second.stderr
    assert cluster.process_of(role) == runs


def test_g10_what_nobody_starts_is_started_after_a_while(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(start_grace_s=0.3)
    processes.start(COMMUNICATION, cluster.settings)
    wait_until(cluster.is_whole)
    assert all(cluster.process_of(role) is not None for role in ROLES)


def test_g10_a_wrong_setting_is_a_clear_error_at_the_start(shared_cluster: ClusterControl) -> None:
    environment = {**as_environment(shared_cluster.settings), "HEARTBEAT_S": "often"}
    failed = subprocess.run(
        [sys.executable, "server/main_server.py"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=A_RUN_S,
        check=False,
    )
    assert failed.returncode == processes.CANNOT_START
    assert failed.stderr == "HEARTBEAT_S must be a number, not 'often'\n"
