"""G1: what a client was told is done, or anybody has seen, survives the death of any server, and of all at once."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from client import Cluster as Connection
from client import RoomClient, connect
from client.room_news import News
from server.control.cluster import ClusterControl
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import HANG_S, Game, new_names, whole
from verify.testbed.local_cluster import sandbox_cluster
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

SERVERS = (MAIN, COMMUNICATION, REPLICATION)


@pytest.fixture(scope="module")
def lasting_changes() -> dict[str, Any]:
    """A message is small."""
    return {"max_message_bytes": 1 << 16}


@pytest.fixture(scope="module")
def frugal_cluster() -> Iterator[ClusterControl]:
    """One that writes everything through to the disk, and keeps few events."""
    with sandbox_cluster(hang_s=HANG_S, durability="fsync", snapshot_every=5, keep_events=3) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def long_life(lasting_cluster: ClusterControl) -> tuple[str, str]:
    """The id of a room of which there is more than fits into one message, and the token of bob, who came and went."""
    with connect(whole(lasting_cluster).name_server, deadline_s=PATIENCE_S) as connection:
        room = connection.claim("ada").create("a long life")
        bob = connection.claim("bob")
        in_it = bob.room(room.id)
        for _ in range(400):
            in_it.join("spectator")
            in_it.leave()
        assert in_it.view().version > 800
        return room.id, bob.token


@pytest.mark.parametrize("role", [MAIN, COMMUNICATION, REPLICATION, NAME_SERVER])
def test_g1_a_move_that_was_answered_survives_the_death_of_any_process(
    cluster: ClusterControl, game: Game, role: str
) -> None:
    game.play(0, 3)
    cluster.kill(role)
    game.play(1, 4)
    assert game.o.view().board["cells"] == "XX.OO...."
    wait_until(cluster.is_whole)


@pytest.mark.parametrize("point", ["before_journal", "after_journal", "after_replica", "before_answer"])
def test_g1_g2_a_main_server_that_dies_in_the_middle_of_a_move_loses_and_doubles_nothing(
    cluster: ClusterControl, game: Game, faults: Path, point: str
) -> None:
    game.play(0)
    (faults / point).touch()
    answer = game.o.move(4)
    assert not (faults / point).exists(), "the main server was to die at that point"
    view = game.x.view()
    assert view.board["cells"] == "X...O...."
    assert view.version == answer.version
    assert [move for _, move in view.moves] == [0, 4]
    wait_until(cluster.is_whole)


def test_g1_all_servers_at_once(cluster: ClusterControl, connection: Connection, game: Game) -> None:
    game.play(0, 3, 1)
    before = game.x.view()
    (name,) = new_names("carol")
    claimed = connection.claim(name)
    for role in SERVERS:
        cluster.kill(role)
    cluster.start()
    assert game.x.view() == before
    assert connection.claim(name, token=claimed.token).name == name, "a name that was claimed stays claimed"
    game.play(4, 2)
    assert game.x.view().winner == game.ada.name


def test_g1_a_full_stop_and_the_next_start(cluster: ClusterControl, game: Game) -> None:
    game.play(0, 3, 1)
    before = game.x.view()
    cluster.stop()
    cluster.start()
    assert game.x.view() == before
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as later:
        bob = later.claim(game.bob.name, token=game.bob.token)
        room = bob.room(game.x.id)
        assert room.join().seat == "O"
        room.move(4)


@pytest.mark.parametrize("lost", ["main", "replication"])
def test_g1_one_of_the_two_disks_lost_though_the_copy_is_larger_than_a_message(
    cluster: ClusterControl, game: Game, long_life: tuple[str, str], lost: str
) -> None:
    game.play(0, 3, 1)
    before = game.x.view()
    with bob_of(cluster, long_life) as bob:
        long_before = bob.view()
    cluster.stop()
    shutil.rmtree(cluster.settings.data / lost)
    cluster.start()
    assert game.x.view() == before
    game.play(4)
    with bob_of(cluster, long_life) as bob:
        assert bob.view() == long_before
        assert sum(len(news.events) for news in first_news(bob)) == long_before.version


@pytest.mark.parametrize("broken", ["main", "replication"])
def test_g1_one_of_the_two_journals_unreadable(cluster: ClusterControl, game: Game, broken: str) -> None:
    game.play(0, 3, 1)
    before = game.x.view()
    cluster.stop()
    journal = cluster.settings.data / broken / "journal.db"
    journal.write_bytes(b"this is no journal" * 1000)
    for part in ("-wal", "-shm"):
        journal.with_name(journal.name + part).unlink(missing_ok=True)
    cluster.start()
    assert game.x.view() == before
    assert [file.read_bytes()[:4] for file in journal.parent.glob("journal.db.unreadable-*")] == [b"this"]


def test_g1_what_was_played_without_a_replica_counts_over_what_the_replica_has(
    cluster: ClusterControl, game: Game
) -> None:
    game.play(0)
    cluster.kill(REPLICATION)
    game.play(3)
    for role in (MAIN, COMMUNICATION):
        cluster.kill(role)
    cluster.stop()
    cluster.start()
    assert game.x.view().board["cells"] == "X..O....."


def test_g1_with_fsync_too(frugal_cluster: ClusterControl) -> None:
    cluster = frugal_cluster
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection, new_names("ada", "bob"))
        game.play(0, 3)
        cluster.kill(MAIN)
        assert game.x.view().board["cells"] == "X..O....."


def test_g1_snapshots_and_compaction_lose_nothing(frugal_cluster: ClusterControl) -> None:
    cluster = whole(frugal_cluster)
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection, new_names("ada", "bob"))
        for _ in range(4):
            game.play(0, 3, 1, 4, 2)
            game.x.rematch()
            game.o.rematch()
        before = game.x.view()
        for role in SERVERS:
            cluster.kill(role)
        cluster.start()
        after = game.x.view()
        assert after == before
        assert sum(after.wins.values()) == 4
        wait_until(lambda: next(game.x.watch(0)).gap)
        assert next(game.x.watch(0)).view == after


def test_g1_what_a_watcher_saw_is_there_after_the_main_servers_death(cluster: ClusterControl, game: Game) -> None:
    seen = threading.Event()
    versions: list[int] = []

    def watch() -> None:
        for news in game.bob.room(game.x.id).watch(0):
            versions.extend(version for version, _ in news.events)
            if news.view.board["cells"][0] == "X":
                seen.set()
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    game.x.move(0)
    assert seen.wait(PATIENCE_S)
    watcher.join()
    cluster.kill(MAIN)
    assert game.x.view().version >= versions[-1]


@contextmanager
def bob_of(cluster: ClusterControl, long_life: tuple[str, str]) -> Iterator[RoomClient]:
    """Bob in the room with the long life, by a connection of his own."""
    room, token = long_life
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        yield connection.claim("bob", token=token).room(room)


def first_news(room: RoomClient) -> Iterator[News]:
    """All that there is to see of a room so far."""
    version = room.view().version
    for news in room.watch(0):
        yield news
        if news.view.version >= version:
            return
