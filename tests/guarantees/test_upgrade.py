"""Upgrade: the servers are replaced one after another while games run, and nobody loses anything.

One cluster is upgraded again and again, since nothing ends it: each test waits until it is whole.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from client import Cluster as Connection
from client import connect
from server.control.cluster import CannotStart, ClusterControl, NotRunning
from server.control.upgrade import CannotUpgrade, Replaced, upgrade
from server.settings import ROOT
from server.supervision import processes
from server.supervision.processes import ROLES
from server.supervision.run_file import RunFile
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import HANG_S, Game, MakeCluster, end
from tests.peers import peer_of
from verify.history.guarantees import check
from verify.testbed.bot_tables import BotTables
from verify.testbed.local_cluster import sandbox_cluster
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION
from wire.errors import TicTacToeError

SERVERS = (MAIN, COMMUNICATION, REPLICATION)
ALL_EVENTS = 1_000_000_000
"""Nothing is compacted away, so that the check reads all there was."""
numbers = itertools.count(1)
"""For names that nobody else has in the cluster of all."""


def running(cluster: ClusterControl) -> dict[str, RunFile]:
    return {role: run for role in ROLES if (run := cluster.process_of(role)) is not None}


def what_says(cluster: ClusterControl, role: str) -> Mapping[str, Any]:
    """The status of a server, as it tells it to the others."""
    remote = peer_of(cluster, role)
    try:
        status: Mapping[str, Any] = remote.call("status", timeout_s=PATIENCE_S)
        return status
    finally:
        remote.close()


def template_of(cluster: ClusterControl) -> RunFile | None:
    """The template process, once it answers."""
    return cluster.process_of(processes.TEMPLATE) if cluster.template_status().state == "running" else None


def all_have_come_up(cluster: ClusterControl) -> bool:
    """Whether no server counts as one that dies of its start any more, as it does for a moment after one that did."""
    return all(
        watch["failures"] == 0 for role in SERVERS for watch in what_says(cluster, role).get("watches", {}).values()
    )


@contextmanager
def bots_playing(connection: Connection, tables: int = 3) -> Iterator[BotTables]:
    """Bots at some tables, from before until after; then every move is accounted for."""
    playing = BotTables(pace_s=0.1)
    for number in range(tables):
        table = next(numbers)
        names = (f"a{table}", f"b{table}", f"w{table}")
        playing.open(connection, f"Table {table}", names, ("random",), random.Random(number))
    wait_until(lambda: len(playing.moves) > 5 * tables, what="all play")
    yield playing
    before = len(playing.moves)
    wait_until(lambda: len(playing.moves) > before + 5 * tables, what="all play on")
    playing.end()
    found = check(playing.histories, complete=False)
    assert (found.all, playing.client_errors) == ((), [])
    assert found.acked == len(playing.moves)


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The servers' code, to be changed: whatever this process starts is started from there."""
    code = tmp_path_factory.mktemp("upgrade") / "code"
    for package in ("game", "wire", "server"):
        shutil.copytree(ROOT / package, code / package, ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(processes, "ROOT", code)
        patched.setenv("PYTHONPATH", str(code))
        yield code


def change(code: Path, module: str, lines: str) -> None:
    """A new version of the code has these lines as well."""
    (code / module).write_text(f"{(ROOT / module).read_text()}\n\n{lines}\n")


@contextmanager
def changed(code: Path, module: str, lines: str) -> Iterator[None]:
    """The same for a while."""
    change(code, module, lines)
    try:
        yield
    finally:
        shutil.copy(ROOT / module, code / module)


@pytest.fixture(scope="module")
def cluster_of_all(code: Path) -> Iterator[ClusterControl]:
    """A running cluster whose rooms keep all their events."""
    with sandbox_cluster(keep_events=ALL_EVENTS, hang_s=HANG_S) as cluster:
        assert code == processes.ROOT
        yield cluster
        end(cluster)


@pytest.fixture
def cluster(cluster_of_all: ClusterControl) -> ClusterControl:
    """The same, whole and of the protocol that is on disk, whatever became of it in another test."""
    if cluster_of_all.roles_with_other_protocol():
        cluster_of_all.terminate_all()
    cluster_of_all.start(timeout_s=PATIENCE_S)
    wait_until(cluster_of_all.is_whole)
    wait_until(lambda: all_have_come_up(cluster_of_all))
    return cluster_of_all


@pytest.fixture
def game(connection: Connection) -> Game:
    """A game that has just begun, between two who are in no other."""
    number = next(numbers)
    return Game(connection, (f"ada{number}", f"bob{number}"))


@dataclass(frozen=True)
class Upgraded:
    """What an upgrade did."""

    before: dict[str, RunFile]
    after: dict[str, RunFile]
    told: list[Replaced]
    template_before: RunFile
    versions_before: list[object]
    versions_after: list[object]
    outcomes: list[str]
    """Of two who said so at once, in alphabetical order."""


# -- a new version ------------------------------------------------------------------------------------------------


def version_of(cluster: ClusterControl, role: str) -> object:
    """What a server of the changed code says in its status."""
    return what_says(cluster, role).get("version")


def versions_of(cluster: ClusterControl) -> list[object]:
    return [version_of(cluster, role) for role in SERVERS]


def says_its_version(version: int) -> str:
    """Lines of ``server/process/base_api.py``."""
    return f"""
_status_before = PeerApi.status.__wrapped__
PeerApi.status = remote()(lambda self: {{**_status_before(self), "version": {version}}})
"""


@pytest.fixture(scope="module")
def upgraded(code: Path, cluster_of_all: ClusterControl) -> Upgraded:
    """The cluster is upgraded to another version while bots play, by two at once."""
    cluster, told = cluster_of_all, list[Replaced]()
    wait_until(cluster.is_whole)
    template = wait_until(lambda: template_of(cluster), what="a template of the old code")
    before, versions_before = running(cluster), versions_of(cluster)

    def outcome(_: int) -> str:
        try:
            upgrade(ClusterControl(cluster.settings), on_replaced=told.append)
        except CannotUpgrade as error:
            return str(error)
        return "done"

    change(code, "server/process/base_api.py", says_its_version(2))
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection, bots_playing(connection):
        with ThreadPoolExecutor(2) as pool:
            outcomes = sorted(pool.map(outcome, range(2)))
        assert cluster.is_whole()
    return Upgraded(before, running(cluster), told, template, versions_before, versions_of(cluster), outcomes)


def test_upgrade_replaces_all_four_while_bots_play_and_loses_nothing(upgraded: Upgraded) -> None:
    before, after = upgraded.before, upgraded.after
    assert len(after) == len(ROLES)
    assert all(after[role] != before[role] for role in ROLES)
    assert [(one.role, one.old_pid, one.new_pid) for one in upgraded.told] == [
        (role, before[role].pid, after[role].pid) for role in (REPLICATION, MAIN, COMMUNICATION, NAME_SERVER)
    ]


def test_two_upgrades_at_once_are_one(upgraded: Upgraded) -> None:
    assert upgraded.outcomes == ["another upgrade runs", "done"]


def test_upgrade_replaces_the_template_first_so_that_no_server_is_forked_from_old_code(upgraded: Upgraded) -> None:
    assert not upgraded.template_before.alive
    forked_by = {psutil.Process(upgraded.after[role].pid).ppid() for role in SERVERS}
    assert upgraded.template_before.pid not in forked_by
    assert len(forked_by) == 1, "the new template has forked all three"


@pytest.mark.usefixtures("upgraded")
def test_upgrade_leaves_one_process_of_each_role_and_one_template(cluster: ClusterControl) -> None:
    wait_until(lambda: len(processes.find_runs(cluster.settings, *ROLES)) == len(ROLES))
    wait_until(lambda: len(processes.find_runs(cluster.settings, processes.TEMPLATE)) == 2, what="it, and its spare")


def test_upgrade_runs_the_code_that_is_on_disk_then(upgraded: Upgraded, cluster: ClusterControl, game: Game) -> None:
    assert 2 not in upgraded.versions_before
    assert upgraded.versions_after == [2] * 3
    cluster.kill(MAIN)
    game.play(0)
    wait_until(cluster.is_whole)
    assert version_of(cluster, MAIN) == 2


@pytest.mark.parametrize("killed", [MAIN, REPLICATION, COMMUNICATION])
def test_upgrade_goes_on_when_a_server_is_killed_in_the_middle(cluster: ClusterControl, killed: str) -> None:
    before, told = running(cluster), list[str]()

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


def test_upgrade_replaces_a_server_that_the_old_template_forked_at_the_last_moment(
    code: Path, cluster: ClusterControl, game: Game
) -> None:
    template = wait_until(lambda: template_of(cluster))
    assert 3 not in versions_of(cluster)
    change(code, "server/process/base_api.py", says_its_version(3))
    told = list[str]()

    def kill_main(said: str) -> None:
        told.append(said)
        if said.startswith("replacing the template"):
            killed = cluster.kill(MAIN)
            new = wait_until(lambda: run if (run := running(cluster).get(MAIN)) and run.pid != killed else None)
            assert psutil.Process(new.pid).ppid() == template.pid
            wait_until(cluster.is_whole)

    upgrade(cluster, on_step=kill_main)
    assert any(said.startswith("replacing the template") for said in told)
    assert versions_of(cluster) == [3] * 3
    game.play(0, 3)


def test_upgrade_to_what_cannot_be_loaded_replaces_nothing(code: Path, cluster: ClusterControl, game: Game) -> None:
    before = running(cluster)
    with (
        changed(code, "server/main/peer_api.py", "this is no Python"),
        pytest.raises(CannotUpgrade, match=r"nothing was replaced.*SyntaxError"),
    ):
        upgrade(cluster)
    assert running(cluster) == before
    game.play(0)


def test_upgrade_to_what_does_not_come_up_stops_and_games_go_on(
    code: Path, cluster: ClusterControl, game: Game
) -> None:
    before = running(cluster)
    with changed(code, "server/replication/replica_service.py", "ReplicaService.__init__ = lambda *_: 1 / 0"):
        with pytest.raises(CannotUpgrade, match=f"(?s){REPLICATION} does not come up.*ZeroDivisionError"):
            upgrade(cluster)
        game.play(0, 3)
        assert {role: running(cluster)[role] for role in (MAIN, COMMUNICATION)} == {
            role: before[role] for role in (MAIN, COMMUNICATION)
        }
    wait_until(cluster.is_whole, what="the old version is put back, and comes up by itself")
    game.play(1)


def test_a_main_server_of_the_new_version_waits_for_a_replica_link_and_upgrade_brings_it(
    code: Path, cluster: ClusterControl, game: Game
) -> None:
    """The main server is newer, for example because it and the template died after the files had been replaced."""
    template = wait_until(lambda: template_of(cluster))
    with changed(code, "server/replication/link/link_server.py", "LinkServer.listen = lambda _self: None"):
        processes.kill(template)
        wait_until(lambda: template_of(cluster) not in (None, template), what="no server is forked from other code")
        old = cluster.kill(REPLICATION)
        game.play(0)
        wait_until(lambda: cluster.is_up(REPLICATION) and running(cluster)[REPLICATION].pid != old)
        wait_until(lambda: "upgrade replication first" in str(what_says(cluster, MAIN)["troubles"]))
    before = running(cluster)
    upgrade(cluster)
    assert all(running(cluster)[role] != before[role] for role in ROLES)
    game.play(3)


# -- when it cannot be -----------------------------------------------------------------------------------------------


def test_upgrade_while_degraded_waits_until_the_cluster_is_whole(cluster: ClusterControl, game: Game) -> None:
    before = running(cluster)
    cluster.kill(REPLICATION)
    upgrade(cluster)
    assert all(running(cluster)[role] != before[role] for role in ROLES)
    game.play(0)


def test_upgrade_of_what_is_stopped_meanwhile_says_so(cluster: ClusterControl) -> None:
    with pytest.raises(CannotUpgrade, match="stopped"):
        upgrade(cluster, on_replaced=lambda _: cluster.stop())
    assert not cluster.runs_here()


def test_upgrade_of_what_does_not_run_says_so(make_cluster: MakeCluster) -> None:
    with pytest.raises(NotRunning):
        upgrade(make_cluster())


# -- another protocol between servers ---------------------------------------------------------------------------------


@pytest.fixture
def of_another_protocol(code: Path, cluster_of_all: ClusterControl) -> ClusterControl:
    """The same cluster: its servers speak another protocol between servers."""
    if not cluster_of_all.roles_with_other_protocol():
        cluster_of_all.terminate_all()
        start_with_another_protocol(cluster_of_all, code)
    return cluster_of_all


def start_with_another_protocol(cluster: ClusterControl, code: Path) -> None:
    """Start servers of a version that speaks another protocol between servers; on disk is ours again after that."""

    def clients_find_it() -> bool:
        with contextlib.suppress(TicTacToeError), connect(cluster.name_server, deadline_s=5.0) as connection:
            return bool(connection.ask("servers"))
        return False

    with changed(code, "wire/__init__.py", "PEER_PROTOCOL = 2"):
        for role in ROLES:
            processes.start(role, cluster.settings)
        wait_until(clients_find_it)
    wait_until(lambda: len(cluster.roles_with_other_protocol()) == len(SERVERS))


def test_a_start_and_a_status_name_servers_of_another_protocol(of_another_protocol: ClusterControl) -> None:
    cluster = of_another_protocol
    with pytest.raises(CannotStart, match="cluster upgrade"):
        cluster.start()
    notes = {status.role: status.note for status in cluster.status()}
    assert all("cluster upgrade" in notes[role] for role in SERVERS)


def test_upgrade_from_another_protocol_between_servers_ends_all_and_starts_all_and_loses_nothing(
    of_another_protocol: ClusterControl,
) -> None:
    cluster, told, said = of_another_protocol, list[Replaced](), list[str]()
    before = running(cluster)
    with connect(cluster.name_server) as connection, bots_playing(connection):
        upgrade(cluster, on_step=said.append, on_replaced=told.append)
        assert cluster.is_whole()
    after = running(cluster)
    assert {one.role: (one.old_pid, one.new_pid) for one in told} == {
        role: (before[role].pid, after[role].pid) for role in ROLES
    }
    assert any("another version" in words for words in said)


def test_a_cluster_that_is_being_emptied_is_so_after_an_upgrade_from_another_protocol(
    code: Path, cluster: ClusterControl
) -> None:
    assert cluster.set_drain(True)
    cluster.terminate_all()
    start_with_another_protocol(cluster, code)
    upgrade(cluster)
    drains = cluster.drain_status()
    assert drains is not None
    assert drains.on
    cluster.stop()  # whoever starts it has it open again
