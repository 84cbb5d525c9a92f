"""The disk is full and every server is killed, one after the other: people read on, and later all is whole again."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from client import Cluster as Connection
from client import connect
from server.control.cluster import ClusterControl
from server.main.reads import READ_ONLY
from server.supervision.processes import ROLES, kill, start
from server.supervision.role_status import RoleStatus
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import HANG_S, Game
from tests.conftest import end as end_cluster
from tests.small_disk import SmallDisk, small_disk
from verify.testbed.local_cluster import sandbox_settings
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION
from wire.errors import StorageFailed

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    """The disk on which the cluster has its data."""
    with small_disk(tmp_path_factory.mktemp("small") / "disk") as disk:
        yield disk


@dataclass(frozen=True)
class Survivor:
    """A running cluster there, which gets over a full disk, as it did at its start."""

    cluster: ClusterControl
    notes: dict[str, str]
    """What its servers said when they ran for the first time, on a full disk, by role."""


@pytest.fixture(scope="module")
def survivor(disk: SmallDisk) -> Iterator[Survivor]:
    """Started on a full disk, and whole since there was space."""
    cluster = ClusterControl(sandbox_settings(disk.folder / "data", start_grace_s=0.5, hang_s=HANG_S))
    with ExitStack() as stack:
        stack.callback(end_cluster, cluster)
        disk.fill()
        start(REPLICATION, cluster.settings)  # which starts the others
        notes = {role: wait_until(lambda role=role: trouble_of(cluster, role)) for role in (REPLICATION, MAIN)}
        disk.free()
        wait_until(cluster.is_whole, what="a whole cluster")
        yield Survivor(cluster, notes)


def trouble_of(cluster: ClusterControl, role: str) -> str:
    """Why a role waits that cannot use its journal; empty if it does not say so."""
    note = status_of(cluster, role).note
    return note if "fails at journal" in note else ""


@pytest.fixture
def cluster(survivor: Survivor) -> ClusterControl:
    """It when it is whole, and all who run are written down: on a full disk there may be no place for that."""
    cluster = survivor.cluster
    wait_until(cluster.is_whole, what="a whole cluster")
    wait_until(lambda: all(cluster.process_of(role) for role in ROLES), what="run files of all")
    return cluster


@pytest.fixture
def game(connection: Connection) -> Game:
    """A game of two whom nobody else has met."""
    number = next(numbers)
    return Game(connection, (f"ada-{number}", f"bob-{number}"))


def status_of(cluster: ClusterControl, role: str) -> RoleStatus:
    return next(status for status in cluster.status() if status.role == role)


def kill_and_wait(cluster: ClusterControl, role: str) -> None:
    """Kill a role, and wait until another process answers in it."""
    killed = wait_until(lambda: cluster.process_of(role), what=f"a {role} that is written down")
    kill(killed)

    def replaced() -> bool:
        status = status_of(cluster, role)
        return status.state == "running" and status.pid not in (None, killed.pid)

    wait_until(replaced, what=f"another {role}")


def reads(cluster: ClusterControl, game: Game, moves: list[int]) -> None:
    """See that people can read, and that no command gets through."""
    wait_until(lambda: status_of(cluster, MAIN).step == READ_ONLY, what="a main server that serves reads")
    assert [move for _, move in game.x.view().moves] == moves
    with pytest.raises(StorageFailed):
        game.o.move(1, request_id="the-second-move")


def lock_until_refused(game: Game) -> None:
    """The last block of a segment has room for some appends on a full disk, too."""
    for number in range(1000):
        game.x.lock(number % 2 == 0)


def test_servers_that_never_ran_start_when_there_is_space(survivor: Survivor, cluster: ClusterControl) -> None:
    assert set(survivor.notes) == {REPLICATION, MAIN}
    assert status_of(cluster, MAIN).epoch


def test_killed_in_turn_on_a_full_disk_the_servers_come_back_and_later_are_whole(
    disk: SmallDisk, cluster: ClusterControl, connection: Connection, game: Game
) -> None:
    game.play(0)
    rooms = {row.room for row in connection.rooms()}
    assert game.x.id in rooms
    disk.fill()
    with pytest.raises(StorageFailed):
        lock_until_refused(game)
    before = {role: status_of(cluster, role).pid for role in ROLES}
    for role in (MAIN, COMMUNICATION, REPLICATION, NAME_SERVER, MAIN):
        kill_and_wait(cluster, role)
        reads(cluster, game, [0])
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as another:
        assert {row.room for row in another.rooms()} == rooms
        there = another.claim(game.x.name, token=game.ada.token)
        assert there.room(game.x.id).view().moves == (("X", 0),)
    disk.free()
    wait_until(cluster.is_whole, what="a whole cluster")
    assert not {role: status_of(cluster, role).pid for role in ROLES}.items() & before.items()
    for _ in range(2):
        answer = game.o.move(1, request_id="the-second-move")
    assert answer.version == game.x.view().version
    game.play(2)
    assert [move for _, move in game.x.view().moves] == [0, 1, 2]
    assert not list(disk.folder.rglob("*.unreadable-*"))


def test_those_who_wait_meanwhile_see_what_comes_then(disk: SmallDisk, cluster: ClusterControl, game: Game) -> None:
    game.play(0)
    disk.fill()
    kill_and_wait(cluster, MAIN)
    reads(cluster, game, [0])
    with contextlib.closing(game.x.watch()) as news:
        seen = next(news).view.version
        disk.free()
        wait_until(cluster.is_whole, what="a whole cluster")
        game.o.move(1)
        assert [version for version, _ in next(news).events] == [seen + 1]
