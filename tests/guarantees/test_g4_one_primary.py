"""G4: a main server that was cut off or stopped and wakes after a takeover can change nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from client import connect
from server import processes
from server.cluster import Cluster
from server.havoc import SandboxHavoc
from server.run_file import RunFile
from server.sandbox import sandbox_settings
from server.settings import Settings
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import Game, MakeCluster
from wire import COMMUNICATION, MAIN, REPLICATION
from wire.errors import DeadlineExceeded

SERVERS = (MAIN, COMMUNICATION, REPLICATION)


def test_g4_a_stopped_main_server_is_gone_before_the_new_one_serves(cluster: Cluster, game: Game) -> None:
    old = cluster.process_of(MAIN)
    assert old is not None
    os.kill(old.pid, signal.SIGSTOP)
    game.play(0)
    assert not old.alive
    new = cluster.process_of(MAIN)
    assert new is not None
    assert new.pid != old.pid


def test_g4_a_second_main_server_does_not_start(cluster: Cluster) -> None:
    runs = cluster.process_of(MAIN)
    assert runs is not None
    second = processes.start(MAIN, cluster.settings)
    assert second.wait(PATIENCE_S) == processes.ALREADY_RUNNING
    assert cluster.process_of(MAIN) == runs


def test_g4_while_a_stopped_main_server_lives_no_other_starts(cluster: Cluster) -> None:
    """Nobody is left to end it: what keeps another from taking office beside it is the lock of the role."""
    stopped = [run for role in SERVERS if (run := cluster.process_of(role)) is not None]
    for run in stopped:
        os.kill(run.pid, signal.SIGSTOP)
    second = processes.start(MAIN, cluster.settings)
    assert second.wait(60) == processes.ALREADY_RUNNING
    assert all(run.alive for run in stopped)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process's files be limited")
def test_g4_a_main_server_stopped_while_degraded_is_gone_before_the_next_one_is_in_office(
    cluster: Cluster, game: Game
) -> None:
    """What was queued for it is not carried out by it any more, but by the next one, once."""
    old = cluster.process_of(MAIN)
    assert old is not None
    havoc = SandboxHavoc(cluster, None, None, {})
    havoc.fill_disk(REPLICATION)
    game.play(0)
    wait_until(
        lambda: "degraded" in [status.step for status in cluster.status()],
        what="the replica could not write, so the own journal is enough to acknowledge",
    )
    os.kill(old.pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        queued = pool.submit(game.play, 3)
        havoc.free_disk()
        wait_until(lambda: cluster.process_of(MAIN) not in (None, old), what="the lock is another's")
        assert not old.alive
        queued.result()
    wait_until(cluster.is_whole)
    game.play(1)
    assert game.x.view().board["cells"] == "XX.O....."


@pytest.fixture
def elsewhere(tmp_path: Path, cluster: Cluster, faults: Path) -> Settings:
    """A main server as on another machine: its own disk and ports, the same replica, and no lock that it can see.

    The replica refuses such a one; that is switched off, so that it is seen what the epoch alone holds.
    """
    (faults / "no_machine_check").touch()
    ports = sandbox_settings(tmp_path / "elsewhere")
    return replace(
        cluster.settings,
        data_folder=ports.data_folder,
        cluster_key=(cluster.settings.data / "cluster.key").read_text(),
        main_port=ports.main_port,
        main_peer_port=ports.main_peer_port,
    )


def take_office_elsewhere(settings: Settings) -> subprocess.Popen[bytes]:
    """Start it, and wait until it is in office."""
    other = processes.start(MAIN, settings)
    log = settings.data / "logs"
    wait_until(lambda: any("in office" in file.read_text() for file in log.glob(f"{MAIN}-*.log")))
    return other


def test_g4_a_main_server_whose_term_is_over_acknowledges_nothing(
    cluster: Cluster, game: Game, elsewhere: Settings
) -> None:
    game.play(0)
    before = game.x.view()
    old = cluster.process_of(MAIN)
    assert old is not None
    other = take_office_elsewhere(elsewhere)
    try:
        # Idle or not, the old one learns that another is in office, and ends; nobody gets an answer from it.
        wait_until(lambda: not old.alive)
        with connect(cluster.name_server, deadline_s=10) as connection:
            view = connection.claim("ada", token=game.ada.token).room(game.x.id).view()
        assert view.moves == before.moves
    finally:
        processes.end(RunFile.of(MAIN, other.pid)) if other.poll() is None else None
        other.wait()


def test_g4_without_the_epoch_check_the_old_one_goes_on(
    cluster: Cluster, game: Game, elsewhere: Settings, faults: Path
) -> None:
    """The rule broken on purpose: two main servers acknowledge moves, and only the check stands between."""
    (faults / "no_epoch_check").touch()
    old = cluster.process_of(MAIN)
    assert old is not None
    other = take_office_elsewhere(replace(elsewhere, test_faults=""))
    try:
        game.play(0)
        assert old.alive
    finally:
        processes.end(RunFile.of(MAIN, other.pid)) if other.poll() is None else None
        other.wait()


def test_g4_a_stopped_replica_holds_nobody_up_for_long(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    cluster.start()
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection)
        replication = cluster.process_of(REPLICATION)
        assert replication is not None
        os.kill(replication.pid, signal.SIGSTOP)
        game.play(0, 3)
        wait_until(lambda: not replication.alive)
        wait_until(cluster.is_whole)
        game.play(1)
        assert game.x.view().board["cells"] == "XX.O....."


def test_nobody_there_is_a_clear_error(settings: Settings) -> None:
    with pytest.raises(DeadlineExceeded):
        connect(str(settings.name_server), deadline_s=0.2)
