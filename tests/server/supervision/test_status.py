"""What clients are told of the servers: who is online, how the four are, and how long a takeover took."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from client import Cluster as Connection
from game.errors import InvalidArgument
from server.control.cluster import ClusterControl
from server.settings import Settings
from server.supervision import processes
from server.supervision.heartbeat import HeartbeatAnswer
from server.supervision.recovery_log import MOST_KEPT, Recovery, RecoveryLog
from server.supervision.run_directory import RunDirectory, RunFile
from server.supervision.supervisor import Supervisor
from tests.conditions import wait_until
from tests.conftest import MakeCluster
from wire import MAIN, REPLICATION
from wire.errors import Unreachable


def test_a_name_is_online_for_its_owner_alone(connection: Connection) -> None:
    ada = connection.claim("ada")
    assert connection.ask("online", "ada", ada.token)["names"] == ["ada"]
    bob = connection.claim("bob")
    assert connection.ask("online", "bob", bob.token)["names"] == ["ada", "bob"]
    with pytest.raises(InvalidArgument):
        connection.ask("online", "ada", bob.token)


def test_servers_tells_who_runs_and_a_takeover_is_remembered(cluster: ClusterControl, connection: Connection) -> None:
    before = {server["role"]: server for server in connection.ask("servers")["servers"]}
    assert {server["state"] for server in before.values()} == {"running"}
    assert before[MAIN]["step"] == "in step"

    killed = cluster.kill(MAIN)
    told = wait_until(lambda: connection.ask("servers")["recoveries"])
    wait_until(cluster.is_whole)
    main = next(server for server in connection.ask("servers")["servers"] if server["role"] == MAIN)
    assert main["epoch"] == before[MAIN]["epoch"] + 1
    assert [recovery["role"] for recovery in told] == [MAIN]
    assert told[0]["pid"] == main["pid"] != killed
    assert 0 < told[0]["took_s"] < told[0]["at"]

    cluster.kill(REPLICATION)
    wait_until(lambda: len(cluster.recoveries()) == 2)
    assert [recovery.role for recovery in cluster.recoveries()] == [REPLICATION, MAIN], "it outlives who wrote it"


def test_a_server_that_died_before_whoever_replaces_it_had_heard_it_is_remembered_as_well(
    make_cluster: MakeCluster,
) -> None:
    cluster = make_cluster()
    died = subprocess.Popen(["sleep", "inf"])
    RunDirectory(cluster.settings).write(RunFile.of(REPLICATION, died.pid))
    died.kill()
    died.wait()
    processes.start(MAIN, cluster.settings)
    (recovery,) = wait_until(lambda: [one for one in cluster.recoveries() if one.role == REPLICATION])
    replaced = cluster.process_of(REPLICATION)
    assert replaced is not None
    assert recovery.pid == replaced.pid


class Answers:
    """Heartbeats of a server that died, until a process in its place does its work."""

    def __init__(self) -> None:
        self.who: RunFile | None = None

    def beat(self, wait_s: float, timeout_s: float) -> HeartbeatAnswer:  # noqa: ARG002
        if self.who is None:
            raise Unreachable("it died")
        return HeartbeatAnswer(self.who, serving=True)

    def close(self) -> None:
        """There is nothing to close."""


@pytest.mark.parametrize("first", ["ours", "another"])
def test_only_the_watcher_whose_process_serves_remembers_the_recovery(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    folder, pulse = RunDirectory(settings), Answers()
    died, another, ours = (subprocess.Popen(["sleep", "inf"]) for _ in range(3))
    folder.write(RunFile.of(REPLICATION, died.pid, folder.id))
    died.kill()
    died.wait()
    watcher = Supervisor(REPLICATION, settings, folder, pulse, supervised=True)

    def start(*_: object) -> subprocess.Popen[bytes]:
        pulse.who = RunFile.of(REPLICATION, ours.pid if first == "ours" else another.pid, folder.id)
        folder.write(pulse.who)
        return ours

    monkeypatch.setattr(processes, "start", start)
    try:
        watcher.run(lambda: not watcher.answers)
        assert [one.pid for one in RecoveryLog(settings).last([REPLICATION])] == ([ours.pid] if first == "ours" else [])
    finally:
        for process in (another, ours):
            process.kill()
            process.wait()


def test_a_process_that_is_older_than_its_role_gets_the_time_of_a_start(settings: Settings) -> None:
    """A spare of the template process is: it may have waited for long before it became a server."""
    settings = replace(settings, start_limit_s=0.5)
    folder = RunDirectory(settings)
    with subprocess.Popen(["sleep", "inf"]) as other:
        try:
            run = RunFile.of(REPLICATION, other.pid, folder.id)
            wait_until(lambda: run.age_s > settings.start_limit_s)
            folder.write(run)
            watcher = Supervisor(REPLICATION, settings, folder, Answers(), supervised=True)
            watcher.run(lambda: watcher.status()["starts"] == 0)
            assert other.poll() is None
            watcher.run(lambda: other.poll() is None)
        finally:
            other.kill()


def test_recoveries_are_bounded_and_a_broken_file_is_no_obstacle(settings: Settings) -> None:
    (settings.data / "run").mkdir(parents=True)
    recoveries = RecoveryLog(settings)
    for number in range(MOST_KEPT + 5):
        recoveries.add(Recovery(MAIN, number, float(number), 0.1))
    assert [recovery.pid for recovery in recoveries.last([MAIN])] == list(range(MOST_KEPT + 4, 4, -1))
    (settings.data / "run" / f"{MAIN}.recoveries.json").write_text("[{")
    assert recoveries.last([MAIN]) == []
