"""Upgrade: the servers are replaced one after another while games run, and nobody loses anything."""

from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from client import Cluster as Connection
from client import connect
from client.history.guarantees import check
from client.tables import Tables
from server import processes
from server.cluster import CannotStart, Cluster, NotRunning
from server.processes import ROLES
from server.run_file import RunFile
from server.settings import ROOT
from server.upgrade import CannotUpgrade, Replaced, upgrade
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import Game, MakeCluster
from tests.peers import peer_of
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION
from wire.errors import TicTacToeError

SERVERS = (MAIN, COMMUNICATION, REPLICATION)
ALL_EVENTS = 1_000_000_000
"""Nothing is compacted away, so that the check reads all there was."""


def running(cluster: Cluster) -> dict[str, RunFile]:
    return {role: run for role in ROLES if (run := cluster.process_of(role)) is not None}


@contextmanager
def bots_playing(connection: Connection, tables: int = 3) -> Iterator[Tables]:
    """Bots at some tables, from before until after; then every move is accounted for."""
    moves: list[object] = []
    playing = Tables(pace_s=0.02, on_move=moves.append)
    for number in range(tables):
        names = (f"a{number}", f"b{number}", f"w{number}")
        playing.open(connection, f"Table {number}", names, ("random",), random.Random(number))
    wait_until(lambda: len(moves) > 5 * tables, what="all play")
    yield playing
    before = len(moves)
    wait_until(lambda: len(moves) > before + 5 * tables, what="all play on")
    playing.end()
    found = check(playing.histories, complete=False)
    assert (found.all, playing.gave_up) == ((), [])
    assert found.acked == len(moves)


@pytest.fixture
def keeping_all(make_cluster: MakeCluster) -> Cluster:
    """A running cluster whose rooms keep all their events."""
    cluster = make_cluster(keep_events=ALL_EVENTS)
    cluster.start()
    return cluster


def test_upgrade_replaces_all_four_while_bots_play_and_loses_nothing(keeping_all: Cluster) -> None:
    cluster, before, told = keeping_all, running(keeping_all), list[Replaced]()
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection, bots_playing(connection):
        upgrade(cluster, on_replaced=told.append)
        assert cluster.is_whole()
    after = running(cluster)
    assert len(after) == len(ROLES)
    assert all(after[role] != before[role] for role in ROLES)
    assert [(one.role, one.old_pid, one.new_pid) for one in told] == [
        (role, before[role].pid, after[role].pid) for role in (REPLICATION, MAIN, COMMUNICATION, NAME_SERVER)
    ]


@pytest.mark.parametrize("killed", [MAIN, REPLICATION, COMMUNICATION])
def test_upgrade_goes_on_when_a_server_is_killed_in_the_middle(keeping_all: Cluster, killed: str) -> None:
    cluster, before = keeping_all, running(keeping_all)
    told: list[str] = []

    def kill_once(replaced: Replaced) -> None:
        if not told:
            cluster.kill(killed)
        told.append(replaced.role)

    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection, bots_playing(connection, tables=2):
        upgrade(cluster, on_replaced=kill_once)
        assert cluster.is_whole()
    after = running(cluster)
    assert all(after[role] != before[role] for role in ROLES)
    assert REPLICATION in told


def test_upgrade_hands_over_to_a_stand_by_that_was_started_from_the_new_code(cluster: Cluster) -> None:
    old = wait_until(lambda: cluster.standby_of(MAIN))
    upgrade(cluster)
    main = running(cluster)[MAIN]
    assert not old.alive
    assert main != old


# -- a new version ------------------------------------------------------------------------------------------------


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The servers' code, to be changed: whatever this process starts is started from there."""
    code = tmp_path / "code"
    for package in ("game", "wire", "server"):
        shutil.copytree(ROOT / package, code / package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(processes, "ROOT", code)
    monkeypatch.setenv("PYTHONPATH", str(code))
    return code


def change(code: Path, module: str, lines: str) -> None:
    """A new version of the code has these lines as well."""
    file = code / module
    file.write_text(f"{file.read_text()}\n\n{lines}\n")


def version_of(cluster: Cluster, role: str) -> object:
    """What a server of the changed code says in its status."""
    remote = peer_of(cluster, role)
    try:
        return remote.call("status", timeout_s=PATIENCE_S).get("version")
    finally:
        remote.close()


def test_upgrade_runs_the_code_that_is_on_disk_then(code: Path, cluster: Cluster, game: Game) -> None:
    wait_until(lambda: cluster.standby_of(MAIN), what="a stand-by of the old code")
    change(code, "server/common_objects.py", _SAYS_ITS_VERSION)
    assert [version_of(cluster, role) for role in SERVERS] == [None] * 3
    upgrade(cluster)
    assert [version_of(cluster, role) for role in SERVERS] == [2] * 3
    cluster.kill(MAIN)
    game.play(0)
    wait_until(cluster.is_whole)
    assert version_of(cluster, MAIN) == 2


_SAYS_ITS_VERSION = """
_status_before = PeerObject.status.__wrapped__
PeerObject.status = remote()(lambda self: {**_status_before(self), "version": 2})
"""


def test_upgrade_replaces_an_old_stand_by_that_took_over_meanwhile(code: Path, cluster: Cluster, game: Game) -> None:
    old = wait_until(lambda: cluster.standby_of(MAIN))
    change(code, "server/common_objects.py", _SAYS_ITS_VERSION)

    def kill_main(said: str) -> None:
        if said.startswith(f"replacing {REPLICATION}"):
            cluster.kill(MAIN)  # the stand-by of the old replication server takes over
            wait_until(lambda: running(cluster).get(MAIN) == old)

    upgrade(cluster, say=kill_main)
    assert [version_of(cluster, role) for role in SERVERS] == [2] * 3
    game.play(0, 3)


def test_upgrade_to_what_cannot_be_loaded_replaces_nothing(code: Path, cluster: Cluster, game: Game) -> None:
    before = running(cluster)
    change(code, "server/main_peer.py", "this is no Python")
    with pytest.raises(CannotUpgrade, match=r"nothing was replaced.*SyntaxError"):
        upgrade(cluster)
    assert running(cluster) == before
    game.play(0)


def test_upgrade_to_what_does_not_come_up_stops_and_games_go_on(code: Path, cluster: Cluster, game: Game) -> None:
    before = running(cluster)
    change(code, "server/copy_keeper.py", "CopyKeeper.__init__ = lambda *_: 1 / 0")
    with pytest.raises(CannotUpgrade, match=f"(?s){REPLICATION} does not come up.*ZeroDivisionError"):
        upgrade(cluster)
    game.play(0, 3)
    assert {role: running(cluster)[role] for role in (MAIN, COMMUNICATION)} == {
        role: before[role] for role in (MAIN, COMMUNICATION)
    }
    shutil.copy(ROOT / "server" / "copy_keeper.py", code / "server" / "copy_keeper.py")
    wait_until(cluster.is_whole, what="the old version is put back, and comes up by itself")
    game.play(1)


def test_upgrade_from_another_protocol_between_servers_ends_all_and_starts_all_and_loses_nothing(
    code: Path, make_cluster: MakeCluster
) -> None:
    cluster, told, said = make_cluster(keep_events=ALL_EVENTS), list[Replaced](), list[str]()
    start_with_another_protocol(cluster, code)
    before = running(cluster)
    with connect(cluster.name_server) as connection, bots_playing(connection):
        upgrade(cluster, say=said.append, on_replaced=told.append)
        assert cluster.is_whole()
    after = running(cluster)
    assert {one.role: (one.old_pid, one.new_pid) for one in told} == {
        role: (before[role].pid, after[role].pid) for role in ROLES
    }
    assert any("another version" in words for words in said)


def test_a_start_and_a_status_name_servers_of_another_protocol(code: Path, make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    start_with_another_protocol(cluster, code)
    with pytest.raises(CannotStart, match="cluster upgrade"):
        cluster.start()
    notes = {status.role: status.note for status in cluster.status()}
    assert all("cluster upgrade" in notes[role] for role in SERVERS)


def test_a_cluster_that_is_being_emptied_is_so_after_an_upgrade_from_another_protocol(
    code: Path, make_cluster: MakeCluster
) -> None:
    cluster = make_cluster()
    cluster.start()
    assert cluster.ask_to_drain(True)
    cluster.end_all()
    start_with_another_protocol(cluster, code)
    upgrade(cluster)
    drains = cluster.drains()
    assert drains is not None
    assert drains.on


def start_with_another_protocol(cluster: Cluster, code: Path) -> None:
    """Start servers of a version that speaks another protocol between servers; on disk is ours again after that."""
    change(code, "wire/__init__.py", "PEER_PROTOCOL = 2")
    for role in ROLES:
        processes.start(role, cluster.settings)

    def clients_find_it() -> bool:
        with contextlib.suppress(TicTacToeError), connect(cluster.name_server, deadline_s=5.0) as connection:
            return bool(connection.ask("servers"))
        return False

    wait_until(clients_find_it)
    shutil.copy(ROOT / "wire" / "__init__.py", code / "wire" / "__init__.py")
    wait_until(lambda: len(cluster.speak_otherwise()) == len(SERVERS))


# -- when it cannot be -----------------------------------------------------------------------------------------------


def test_upgrade_while_degraded_waits_until_the_cluster_is_whole(cluster: Cluster, game: Game) -> None:
    before = running(cluster)
    cluster.kill(REPLICATION)
    upgrade(cluster)
    assert all(running(cluster)[role] != before[role] for role in ROLES)
    game.play(0)


def test_two_upgrades_at_once_are_one(cluster: Cluster) -> None:
    def outcome(_: int) -> str:
        try:
            upgrade(Cluster(cluster.settings))
        except CannotUpgrade as error:
            return str(error)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(outcome, range(2))) == ["another upgrade runs", "done"]
    assert cluster.is_whole()


def test_upgrade_of_what_is_stopped_meanwhile_says_so(cluster: Cluster) -> None:
    with pytest.raises(CannotUpgrade, match="stopped"):
        upgrade(cluster, on_replaced=lambda _: cluster.stop())
    assert not cluster.runs_here()


def test_upgrade_of_what_does_not_run_says_so(make_cluster: MakeCluster) -> None:
    with pytest.raises(NotRunning):
        upgrade(make_cluster())


def test_upgrade_leaves_one_process_of_each_role_and_one_stand_by(cluster: Cluster) -> None:
    upgrade(cluster)
    wait_until(lambda: len(processes.of_cluster(cluster.settings)) == len(ROLES) + 1)
