"""G1: what a client was told is done, or anybody has seen, survives the death of any server, and of all at once."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from client import Cluster as Connection
from client import RoomClient, connect
from client.room import News
from server.cluster import Cluster
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import Game, MakeCluster
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

SERVERS = (MAIN, COMMUNICATION, REPLICATION)


@pytest.mark.parametrize("role", [MAIN, COMMUNICATION, REPLICATION, NAME_SERVER])
def test_g1_a_move_that_was_answered_survives_the_death_of_any_process(cluster: Cluster, game: Game, role: str) -> None:
    game.play(0, 3)
    cluster.kill(role)
    game.play(1, 4)
    assert game.o.view().board["cells"] == "XX.OO...."
    wait_until(cluster.is_whole)


@pytest.mark.parametrize("point", ["before_journal", "after_journal", "after_replica", "before_answer"])
def test_g1_g2_a_main_server_that_dies_in_the_middle_of_a_move_loses_and_doubles_nothing(
    cluster: Cluster, game: Game, faults: Path, point: str
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


def test_g1_all_servers_at_once(cluster: Cluster, game: Game) -> None:
    game.play(0, 3, 1)
    before = game.x.view()
    for role in SERVERS:
        cluster.kill(role)
    cluster.start()
    assert game.x.view() == before
    game.play(4, 2)
    assert game.x.view().winner == "ada"


def test_g1_a_full_stop_and_the_next_start(cluster: Cluster, game: Game) -> None:
    game.play(0, 3, 1)
    before = game.x.view()
    cluster.stop()
    cluster.start()
    assert game.x.view() == before
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as later:
        bob = later.claim("bob", token=game.bob.token)
        room = bob.room(game.x.id)
        assert room.join().seat == "O"
        room.move(4)


@pytest.mark.parametrize("lost", ["main", "replication"])
def test_g1_one_of_the_two_disks_lost(cluster: Cluster, game: Game, lost: str) -> None:
    game.play(0, 3, 1)
    before = game.x.view()
    cluster.stop()
    shutil.rmtree(cluster.settings.data / lost)
    cluster.start()
    assert game.x.view() == before
    game.play(4)


@pytest.mark.parametrize("broken", ["main", "replication"])
def test_g1_one_of_the_two_journals_unreadable(cluster: Cluster, game: Game, broken: str) -> None:
    game.play(0, 3, 1)
    before = game.x.view()
    cluster.stop()
    journal = cluster.settings.data / broken / "journal.db"
    journal.write_bytes(b"this is no journal" * 1000)
    for part in ("-wal", "-shm"):
        journal.with_name(journal.name + part).unlink(missing_ok=True)
    cluster.start()
    assert game.x.view() == before
    assert [file.read_bytes()[:4] for file in journal.parent.glob("*.unreadable-*")] == [b"this"]


def test_g1_what_was_played_without_a_replica_counts_over_what_the_replica_has(cluster: Cluster, game: Game) -> None:
    game.play(0)
    cluster.kill(REPLICATION)
    game.play(3)
    for role in (MAIN, COMMUNICATION):
        cluster.kill(role)
    cluster.stop()
    cluster.start()
    assert game.x.view().board["cells"] == "X..O....."


def test_g1_with_fsync_too(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(durability="fsync")
    cluster.start()
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection)
        game.play(0, 3)
        cluster.kill(MAIN)
        assert game.x.view().board["cells"] == "X..O....."


def test_g1_snapshots_and_compaction_lose_nothing(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(snapshot_every=5, keep_events=3)
    cluster.start()
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection)
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


def test_g1_a_name_that_was_claimed_stays_claimed(cluster: Cluster, connection: Connection) -> None:
    claimed = connection.claim("carol")
    for role in SERVERS:
        cluster.kill(role)
    cluster.start()
    assert connection.claim("carol", token=claimed.token).name == "carol"


def test_g1_what_a_watcher_saw_is_there_after_the_main_servers_death(cluster: Cluster, game: Game) -> None:
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


def test_g1_a_copy_that_is_larger_than_a_message_comes_back_whole(make_cluster: MakeCluster) -> None:
    """The main server's disk is lost; what the replica has of one room alone does not fit into one message."""
    cluster = make_cluster(max_message_bytes=1 << 16)
    cluster.start()
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        room = connection.claim("ada").create("a long life")
        token = connection.claim("bob").token
        bob = connection.claim("bob", token=token).room(room.id)
        for _ in range(400):
            bob.join("spectator")
            bob.leave()
        before = bob.view()
    assert before.version > 800
    cluster.stop()
    shutil.rmtree(cluster.settings.data / "main")
    cluster.start()
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        bob = connection.claim("bob", token=token).room(room.id)
        assert bob.view() == before
        assert sum(len(news.events) for news in first_news(bob)) == before.version


def first_news(room: RoomClient) -> Iterator[News]:
    """All that there is to see of a room so far."""
    version = room.view().version
    for news in room.watch(0):
        yield news
        if news.view.version >= version:
            return
