"""G9: message size, rooms, people, names, waits, connections and idle time have limits with clear answers."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time

import pytest

from client import connect
from client.credentials import new_token
from client.hostile.garbage import call, handshake
from client.room import new_request_id
from game.errors import NoSuchRoom, RoomClosed, RoomFull
from server.cluster import Cluster
from server.journal_file import open_journal
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import Game, MakeCluster, ask_once
from wire import COMMUNICATION, MAIN, REPLICATION
from wire.errors import Busy, TooLarge, Unreachable
from wire.rpc import Address, Remote


@pytest.fixture
def small(make_cluster: MakeCluster) -> Cluster:
    """A cluster with little room."""
    cluster = make_cluster(
        max_rooms=3, max_names=5, max_people_per_room=3, max_connections=12, max_wait_s=0.3, max_message_bytes=1 << 16
    )
    cluster.start()
    return cluster


def test_g9_rooms(small: Cluster) -> None:
    with connect(small.name_server, deadline_s=PATIENCE_S) as connection:
        ada = connection.claim("ada")
        rooms = [ada.create() for _ in range(3)]
        with pytest.raises(Busy):
            ask_once(small, "create", ada.token, new_request_id(), "", "tictactoe", {}, {})
        rooms[0].close()
        assert ada.create().view().phase == "waiting"


def test_g9_names(small: Cluster) -> None:
    with connect(small.name_server, deadline_s=PATIENCE_S) as connection:
        players = [connection.claim(f"name{number}") for number in range(5)]
        with pytest.raises(Busy):
            ask_once(small, "claim", "onemore", new_token())
        assert connection.claim("name0", token=players[0].token).name == "name0"


def test_g9_people_in_a_room(small: Cluster) -> None:
    with connect(small.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection)
        connection.claim("third").room(game.x.id).join()
        with pytest.raises(RoomFull):
            connection.claim("fourth").room(game.x.id).join("spectator")
        game.x.leave()
        assert game.x.join().seat == "X"


def test_g9_a_wait_ends(small: Cluster) -> None:
    with connect(small.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection)
        place = connection.ask("where_is", game.x.id)
        remote = Remote((small.settings.public_address_of("main_server")), place["object"])
        version = game.x.view().version
        answer = remote.call("wait", game.ada.token, version, 3600.0, timeout_s=PATIENCE_S)
        remote.close()
        assert answer["events"] == []
        assert answer["version"] == version


def test_g9_a_message_that_is_too_large_changes_nothing(small: Cluster) -> None:
    with connect(small.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection)
        where = small.settings.public_address_of(COMMUNICATION)
        big = Remote(where, COMMUNICATION)
        with pytest.raises((TooLarge, Unreachable)):
            big.call("claim", "x" * (1 << 21), "y" * 43, timeout_s=PATIENCE_S)
        big.close()
        game.play(0)


def knock(address: Address, source: str = "127.0.0.1") -> tuple[socket.socket, bytes]:
    """A connection from one host, and what its handshake was answered."""
    connection = socket.create_connection(address, PATIENCE_S, source_address=(source, 0))
    connection.sendall(handshake(COMMUNICATION))
    return connection, connection.recv(4096)


def test_g9_one_connection_too_many_is_told_so(small: Cluster) -> None:
    address = small.settings.public_address_of(COMMUNICATION)
    run = small.process_of(COMMUNICATION)
    held = [knock(address) for _ in range(12)]
    try:
        with pytest.raises(Busy):
            ask_once(small, "describe")
    finally:
        for connection, _ in held:
            connection.close()
    with connect(small.name_server, deadline_s=PATIENCE_S) as later:
        assert later.rooms() == []
    assert small.process_of(COMMUNICATION) == run


@pytest.mark.skipif(sys.platform == "darwin", reason="there one loopback address has to do")
def test_g9_one_host_cannot_take_all_connections(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(max_connections=20, max_connections_per_host=10)
    cluster.start()
    address = cluster.settings.public_address_of(COMMUNICATION)
    held = [knock(address, "127.0.0.2") for _ in range(11)]
    assert not any(b"no free workers" in said for _, said in held[:10])
    assert b"no free workers" in held[10][1]
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        assert connection.rooms() == []
    for held_, _ in held:
        held_.close()


def test_g9_those_who_say_nothing_keep_nobody_out_and_end_no_server(small: Cluster) -> None:
    roles = (MAIN, COMMUNICATION, REPLICATION)
    before = [small.process_of(role) for role in roles]
    ports = (small.settings.public_address_of, small.settings.peer_address_of)
    addresses = [address_of(role) for role in roles for address_of in ports]
    silent = [socket.create_connection(address) for address in addresses for _ in range(30)]
    began = time.monotonic()
    with connect(small.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection)
        while time.monotonic() - began < small.settings.hang_s * 2:
            game.x.view()
        game.play(0, 3)
    assert [small.process_of(role) for role in roles] == before
    for held in silent:
        held.close()


def test_g9_answers_that_nobody_reads_keep_nobody_waiting(cluster: Cluster, game: Game) -> None:
    where = cluster.settings.public_address_of(MAIN)
    place = f"room.{game.x.id}"
    greedy = []
    for _ in range(5):
        connection = socket.create_connection(where)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(1)
        with contextlib.suppress(TimeoutError):
            connection.sendall(handshake(place) + call(place, "view", game.bob.token) * 20_000)
        greedy.append(connection)
    game.play(0, 3, 1)
    for connection in greedy:
        connection.close()


def test_g9_a_connection_that_says_nothing_is_closed(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(idle_connection_s=0.3)
    cluster.start()
    with socket.create_connection(cluster.settings.public_address_of(COMMUNICATION)) as silent:
        silent.settimeout(PATIENCE_S)
        while silent.recv(1024):
            pass  # what the server says before it closes
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection)
        wait_until(lambda: game.x.view().phase == "playing")
        game.play(0)


def test_g9_a_closed_room_is_gone(cluster: Cluster, game: Game) -> None:
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        room = game.ada.create("short")
        news = connection.watch_rooms()
        assert room.id in next(news).rooms
        room.close()
        while room.id in next(news).rooms:
            pass
        with pytest.raises(RoomClosed):
            room.join()
        with pytest.raises(NoSuchRoom):
            game.bob.room(room.id)


def test_g9_closed_rooms_are_forgotten_but_for_the_latest(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(keep_closed_rooms=2)
    cluster.start()
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        player = connection.claim("ada")
        rooms = [player.create(f"number {number}") for number in range(4)]
        for room in rooms:
            room.close()
        for forgotten in rooms[:2]:
            with pytest.raises(NoSuchRoom):
                wait_until(lambda room=forgotten: room.view().phase != "closed")
        assert [room.view().phase for room in rooms[2:]] == ["closed", "closed"]


def test_g9_rooms_that_nobody_uses_leave_memory_and_come_back(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(room_idle_s=0.2, away_s=0.2, max_wait_s=0.1, log_level="debug")
    cluster.start()
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection)
        game.play(0, 3)
        before = game.x.view()
        logs = cluster.settings.data / "logs"
        wait_until(lambda: any("left memory" in log.read_text() for log in logs.glob("main_server-*.log")))
        after = game.x.view()
        assert after.board == before.board
        game.play(1)


def test_g9_rooms_that_nobody_uses_for_very_long_are_closed(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(room_expire_s=0.3)
    cluster.start()
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        connection.claim("ada").create("forgotten")
        for news in connection.watch_rooms():
            if not news.rooms:
                break


def test_g9_the_journals_do_not_grow_with_every_move(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(snapshot_every=20, keep_events=10)
    cluster.start()
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection)
        for _ in range(20):
            game.play(0, 3, 1, 4, 2)
            game.x.rematch()
            game.o.rematch()
        assert game.x.view().version > 180

        def short(folder: str) -> bool:
            journal = open_journal(cluster.settings.data / folder / "journal.db")
            entries = journal.copy(f"room/{game.x.id}").entries
            journal.close()
            return len(entries) <= 20 + 10

        wait_until(lambda: short("main") and short("replication"))


def test_g9_hundreds_of_watchers_are_all_served(cluster: Cluster, game: Game) -> None:
    seen: list[int] = []
    place = f"room.{game.x.id}"
    version = game.x.view().version
    barrier = threading.Barrier(301, timeout=PATIENCE_S)

    def watch() -> None:
        remote = Remote(cluster.settings.public_address_of("main_server"), place)
        assert remote.call("wait", game.bob.token, version, 0.0, timeout_s=PATIENCE_S)["events"] == []
        barrier.wait()
        now = version
        while now == version:  # a wait is over after a while, news or not
            now = remote.call("wait", game.bob.token, version, 20.0, timeout_s=PATIENCE_S)["version"]
        seen.append(now)
        remote.close()

    threads = [threading.Thread(target=watch, daemon=True) for _ in range(300)]
    for thread in threads:
        thread.start()
    barrier.wait()
    game.x.move(0)
    for thread in threads:
        thread.join(PATIENCE_S)
    assert seen == [version + 1] * 300
