"""The disk is full and every server is killed, one after the other: people read on, and later all is whole again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from client import connect
from server.cluster import Cluster
from server.lookout import RoleStatus
from server.processes import ROLES, end, start
from server.read_only import READ_ONLY
from server.sandbox import sandbox_settings
from tests.conditions import wait_until
from tests.conftest import Game
from tests.conftest import end as end_cluster
from tests.small_disk import SmallDisk, small_disk
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION
from wire.errors import StorageFailed


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """The disk on which a cluster has its data."""
    with small_disk(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def cluster(disk: SmallDisk) -> Iterator[Cluster]:
    """A running cluster there."""
    cluster = Cluster(sandbox_settings(disk.folder / "data"))
    with ExitStack() as stack:
        stack.callback(end_cluster, cluster)
        cluster.start()
        yield cluster


def status_of(cluster: Cluster, role: str) -> RoleStatus:
    return next(status for status in cluster.status() if status.role == role)


def kill_and_wait(cluster: Cluster, role: str) -> None:
    """Kill a role, and wait until another process answers in it."""
    killed = wait_until(lambda: cluster.process_of(role), what=f"a {role} that is written down")
    end(killed)

    def replaced() -> bool:
        status = status_of(cluster, role)
        return status.state == "running" and status.pid not in (None, killed.pid)

    wait_until(replaced, what=f"another {role}")


def reads(cluster: Cluster, game: Game, moves: list[int]) -> None:
    """See that people can read, and that no command gets through."""
    wait_until(lambda: status_of(cluster, MAIN).step == READ_ONLY, what="a main server that serves reads")
    assert [move for _, move in game.x.view().moves] == moves
    with pytest.raises(StorageFailed):
        game.o.move(1, request_id="the-second-move")


def test_killed_in_turn_on_a_full_disk_the_servers_come_back_and_later_are_whole(
    disk: SmallDisk, cluster: Cluster
) -> None:
    with connect(cluster.name_server) as connection:
        game = Game(connection)
        game.play(0)
        disk.fill()
        with pytest.raises(StorageFailed):
            game.o.move(1, request_id="the-second-move")
        before = {role: status_of(cluster, role).pid for role in ROLES}
        for role in (MAIN, COMMUNICATION, REPLICATION, NAME_SERVER, MAIN):
            kill_and_wait(cluster, role)
            reads(cluster, game, [0])
        with connect(cluster.name_server) as another:
            assert [row.room for row in another.rooms()] == [game.x.id]
            assert another.claim("ada", token=game.ada.token).room(game.x.id).view().moves == (("X", 0),)
        disk.free()
        wait_until(cluster.is_whole, what="a whole cluster")
        assert not {role: status_of(cluster, role).pid for role in ROLES}.items() & before.items()
        for _ in range(2):
            answer = game.o.move(1, request_id="the-second-move")
        assert answer.version == game.x.view().version
        game.play(2)
        assert [move for _, move in game.x.view().moves] == [0, 1, 2]
    assert not list(disk.folder.rglob("*.unreadable-*"))


def test_those_who_wait_meanwhile_see_what_comes_then(disk: SmallDisk, cluster: Cluster) -> None:
    with connect(cluster.name_server) as connection:
        game = Game(connection)
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


def test_servers_that_never_ran_start_when_there_is_space(disk: SmallDisk) -> None:
    cluster = Cluster(sandbox_settings(disk.folder / "data", start_grace_s=0.5))
    with ExitStack() as stack:
        stack.callback(end_cluster, cluster)
        disk.fill()
        start(REPLICATION, cluster.settings)  # which starts the others
        for role in (REPLICATION, MAIN):
            wait_until(lambda role=role: "fails at journal" in status_of(cluster, role).note, what=f"why {role} waits")
        disk.free()
        wait_until(cluster.is_whole, what="a whole cluster")
