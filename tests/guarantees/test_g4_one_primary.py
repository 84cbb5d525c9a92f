"""G4: a main server that was cut off or stopped and wakes after a takeover can change nothing."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from client import Cluster as Connection
from client import connect
from server.control.cluster import ClusterControl
from server.replication.link.place import SOCKET
from server.settings import Settings
from server.supervision import processes
from server.supervision.run_file import RunFile
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import HANG_S, Game, MakeCluster, whole_with_room
from verify.testbed.cluster_faults import ClusterFaults
from verify.testbed.local_cluster import sandbox_cluster, sandbox_settings
from wire import COMMUNICATION, MAIN, REPLICATION
from wire.errors import DeadlineExceeded

SERVERS = (MAIN, COMMUNICATION, REPLICATION)
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def survivor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterControl]:
    """A running cluster that gets over what tests do to its servers."""
    with sandbox_cluster(hang_s=HANG_S, test_faults=str(tmp_path_factory.mktemp("faults"))) as cluster:
        yield cluster


@pytest.fixture
def cluster(survivor: ClusterControl) -> ClusterControl:
    """The same when it is whole."""
    wait_until(survivor.is_whole)
    return survivor


@pytest.fixture
def game(connection: Connection) -> Game:
    """A game of two whom nobody else has met."""
    number = next(numbers)
    return Game(connection, (f"ada-{number}", f"bob-{number}"))


def suspend(run: RunFile) -> None:
    """Stop a process, and wait until it answers nobody any more: on a busy machine its threads may go on a little."""

    def answers_nobody() -> bool:
        process = run.process()
        try:
            return process is None or process.status() == psutil.STATUS_STOPPED
        except psutil.NoSuchProcess:
            return True

    os.kill(run.pid, signal.SIGSTOP)
    wait_until(answers_nobody)


def test_g4_a_stopped_main_server_is_gone_before_the_new_one_serves(cluster: ClusterControl, game: Game) -> None:
    old = cluster.process_of(MAIN)
    assert old is not None
    suspend(old)
    game.play(0)
    assert not old.alive
    new = cluster.process_of(MAIN)
    assert new is not None
    assert new.pid != old.pid


def test_g4_a_second_main_server_does_not_start(cluster: ClusterControl) -> None:
    runs = cluster.process_of(MAIN)
    assert runs is not None
    second = processes.start(MAIN, cluster.settings)
    assert second.wait(PATIENCE_S) == processes.ALREADY_RUNNING
    assert cluster.process_of(MAIN) == runs


def test_g4_while_a_stopped_main_server_lives_no_other_starts(cluster: ClusterControl) -> None:
    """Nobody is left to end it: what keeps another from becoming primary beside it is the lock of the role."""
    stopped = [run for role in SERVERS if (run := cluster.process_of(role)) is not None]
    for run in stopped:
        os.kill(run.pid, signal.SIGSTOP)
    second = processes.start(MAIN, cluster.settings)
    assert second.wait(PATIENCE_S) == processes.ALREADY_RUNNING
    assert all(run.alive for run in stopped)
    for run in stopped:
        os.kill(run.pid, signal.SIGCONT)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process's files be limited")
def test_g4_a_main_server_stopped_while_degraded_is_gone_before_the_next_one_is_primary(
    cluster: ClusterControl, game: Game
) -> None:
    """What was queued for it is not carried out by it any more, but by the next one, once."""
    old = cluster.process_of(MAIN)
    assert old is not None
    havoc = ClusterFaults(cluster, None, None, {}, {})
    havoc.fill_disk(REPLICATION)
    game.play(0)
    wait_until(
        lambda: "degraded" in [status.step for status in cluster.status()],
        what="the replica could not write, so the own journal is enough to acknowledge",
    )
    suspend(old)
    with ThreadPoolExecutor(1) as pool:
        queued = pool.submit(game.play, 3)
        havoc.free_disk()
        wait_until(lambda: cluster.process_of(MAIN) not in (None, old), what="the lock is another's")
        assert not old.alive
        queued.result()
    whole_with_room(cluster)
    game.play(1)
    assert game.x.view().board["cells"] == "XX.O....."


@contextmanager
def elsewhere(cluster: ClusterControl) -> Iterator[Settings]:
    """A main server as on another machine: its own disk and ports, the same replica, and no lock that it can see.

    The replica refuses such a one; that is switched off meanwhile, so that it is seen what the epoch alone holds. It
    would not even find the replica's link, so its folder leads to that. The path is short enough for a Unix socket.
    """
    check = Path(cluster.settings.test_faults) / "no_machine_check"
    check.touch()
    try:
        with tempfile.TemporaryDirectory(prefix="tictactoe-") as folder:
            ports = sandbox_settings(Path(folder))
            (ports.data / "run").mkdir(parents=True, exist_ok=True)
            (ports.data / "run" / SOCKET).symlink_to(cluster.settings.data / "run" / SOCKET)
            yield replace(
                cluster.settings,
                data_folder=ports.data_folder,
                cluster_key=(cluster.settings.data / "cluster.key").read_text(),
                main_port=ports.main_port,
                main_peer_port=ports.main_peer_port,
            )
    finally:
        check.unlink()


@contextmanager
def a_primary(settings: Settings) -> Iterator[None]:
    """A main server with these settings, from when it is the primary."""
    other = processes.start(MAIN, settings)
    log = settings.data / "logs"
    try:
        wait_until(lambda: any("became primary" in file.read_text() for file in log.glob(f"{MAIN}-*.log")))
        yield
    finally:
        processes.kill(RunFile.of(MAIN, other.pid)) if other.poll() is None else None
        other.wait()


def test_g4_a_main_server_whose_term_is_over_acknowledges_nothing(cluster: ClusterControl, game: Game) -> None:
    game.play(0)
    before = game.x.view()
    old = cluster.process_of(MAIN)
    assert old is not None
    with elsewhere(cluster) as settings, a_primary(settings):
        # Idle or not, the old one learns that another is the primary, and ends; nobody gets an answer from it.
        wait_until(lambda: not old.alive)
        with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
            view = connection.claim(game.x.name, token=game.ada.token).room(game.x.id).view()
        assert view.moves == before.moves


def test_g4_without_the_epoch_check_the_old_one_goes_on(make_cluster: MakeCluster, faults: Path) -> None:
    """The rule broken on purpose: two main servers acknowledge moves, and only the check stands between."""
    cluster = make_cluster()
    cluster.start()
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection)
        (faults / "no_epoch_check").touch()
        old = cluster.process_of(MAIN)
        assert old is not None
        with elsewhere(cluster) as settings, a_primary(replace(settings, test_faults="")):
            game.play(0)
            assert old.alive


def test_g4_a_stopped_replica_holds_nobody_up_for_long(cluster: ClusterControl, game: Game) -> None:
    replication = cluster.process_of(REPLICATION)
    assert replication is not None
    suspend(replication)
    game.play(0, 3)
    wait_until(lambda: not replication.alive)
    whole_with_room(cluster)
    game.play(1)
    assert game.x.view().board["cells"] == "XX.O....."


def test_nobody_there_is_a_clear_error(settings: Settings) -> None:
    with pytest.raises(DeadlineExceeded):
        connect(str(settings.name_server), deadline_s=0.2)
