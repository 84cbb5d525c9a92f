"""G9: message size, rooms, people, names, waits, connections and idle time have limits with clear answers."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import NamedTuple

import pytest

from client import Cluster as Connection
from client import connect
from client.credentials import new_token
from client.room import new_request_id
from game.errors import NoSuchRoom, RoomClosed, RoomFull
from server.control.cluster import ClusterControl
from server.log.journal.pair import reading
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import HANG_S, Game, ask_once, new_names
from tests.server.telemetry.scraping import scrape
from verify.fuzz.wire_inputs import call, handshake
from verify.testbed.local_cluster import sandbox_cluster
from wire import COMMUNICATION, MAIN, REPLICATION
from wire.errors import Busy, TooLarge, Unreachable
from wire.rpc import Address, Proxy

PEOPLE = ("ada", "bob", "third", "fourth", "fifth")


class Small(NamedTuple):
    """A cluster with little room, and who has all the names that there can be."""

    cluster: ClusterControl
    tokens: Mapping[str, str]


@pytest.fixture(scope="module")
def small() -> Iterator[Small]:
    """A cluster with little room. Each test closes its rooms."""
    with sandbox_cluster(
        hang_s=HANG_S,
        max_rooms=3,
        max_names=len(PEOPLE),
        max_people_per_room=3,
        max_connections=12,
        max_wait_s=0.3,
        max_message_bytes=1 << 16,
    ) as cluster:
        with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
            tokens = {name: connection.claim(name).token for name in PEOPLE}
        yield Small(cluster, tokens)


@pytest.fixture
def in_small(small: Small) -> Iterator[Connection]:
    """A connection to it."""
    with connect(small.cluster.name_server, deadline_s=PATIENCE_S) as connection:
        yield connection


@pytest.fixture
def small_game(small: Small, in_small: Connection) -> Iterator[Game]:
    """A game there."""
    with closing(Game(in_small, tokens=small.tokens)) as game:
        yield game


@pytest.fixture(scope="module")
def keeping_little() -> Iterator[ClusterControl]:
    """A cluster for many people that keeps little of what is over."""
    with sandbox_cluster(hang_s=HANG_S, snapshot_every=20, keep_events=10, keep_closed_rooms=2) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def impatient() -> Iterator[ClusterControl]:
    """A cluster that keeps nothing open or in memory that is not used."""
    with sandbox_cluster(hang_s=HANG_S, idle_connection_s=0.3, room_idle_s=0.2, away_s=0.2, max_wait_s=0.1) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def for_hosts() -> Iterator[ClusterControl]:
    """A cluster with few connections for a host, and in which no room stays open for long."""
    with sandbox_cluster(hang_s=HANG_S, max_connections=20, max_connections_per_host=10, room_expire_s=0.3) as cluster:
        yield cluster


@pytest.fixture
def connection(keeping_little: ClusterControl) -> Iterator[Connection]:
    with connect(keeping_little.name_server, deadline_s=PATIENCE_S) as connection:
        yield connection


@pytest.fixture
def game(connection: Connection) -> Iterator[Game]:
    """A game of two people that no other test has."""
    with closing(Game(connection, new_names("ada", "bob"))) as game:
        yield game


def test_g9_rooms(small: Small, in_small: Connection) -> None:
    ada = in_small.claim("ada", token=small.tokens["ada"])
    rooms = [ada.create() for _ in range(3)]
    with pytest.raises(Busy, match="MAX_ROOMS"):
        ask_once(small.cluster, "create", ada.token, new_request_id(), "", "tictactoe", {}, {})
    rooms.pop().close()
    rooms.append(ada.create())
    assert rooms[-1].view().phase == "waiting"
    for room in rooms:
        room.close()


def test_g9_names(small: Small, in_small: Connection) -> None:
    with pytest.raises(Busy, match="MAX_NAMES"):
        ask_once(small.cluster, "claim", "onemore", new_token())
    for name in PEOPLE:
        assert in_small.claim(name, token=small.tokens[name]).name == name


def test_g9_people_in_a_room(small: Small, in_small: Connection, small_game: Game) -> None:
    third, fourth = (in_small.claim(name, token=small.tokens[name]).room(small_game.x.id) for name in PEOPLE[2:4])
    third.join()
    with pytest.raises(RoomFull):
        fourth.join("spectator")
    small_game.x.leave()
    assert small_game.x.join().seat == "X"


def test_g9_a_wait_ends(small: Small, in_small: Connection, small_game: Game) -> None:
    place = in_small.ask("where_is", small_game.x.id)
    remote = Proxy(small.cluster.settings.public_address_of(MAIN), place["object"])
    version = small_game.x.view().version
    answer = remote.call("wait", small_game.ada.token, version, 3600.0, timeout_s=PATIENCE_S)
    remote.close()
    assert answer["events"] == []
    assert answer["version"] == version


def test_g9_a_message_that_is_too_large_changes_nothing(small: Small, small_game: Game) -> None:
    big = Proxy(small.cluster.settings.public_address_of(COMMUNICATION), COMMUNICATION)
    with pytest.raises((TooLarge, Unreachable)):
        big.call("claim", "x" * (1 << 21), "y" * 43, timeout_s=PATIENCE_S)
    big.close()
    small_game.play(0)


def knock(address: Address, source: str = "127.0.0.1") -> tuple[socket.socket, bytes]:
    """A connection from one host, and what its handshake was answered."""
    connection = socket.create_connection(address, PATIENCE_S, source_address=(source, 0))
    connection.sendall(handshake(COMMUNICATION))
    return connection, connection.recv(4096)


def test_g9_one_connection_too_many_is_told_so(small: Small) -> None:
    cluster = small.cluster
    address = cluster.settings.public_address_of(COMMUNICATION)
    run = cluster.process_of(COMMUNICATION)
    held = [knock(address) for _ in range(12)]
    try:
        with pytest.raises(Busy):
            ask_once(cluster, "describe")
    finally:
        for connection, _ in held:
            connection.close()
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as later:
        assert later.rooms() == []
    assert cluster.process_of(COMMUNICATION) == run


@pytest.mark.skipif(sys.platform == "darwin", reason="there one loopback address has to do")
def test_g9_one_host_cannot_take_all_connections(for_hosts: ClusterControl) -> None:
    address = for_hosts.settings.public_address_of(COMMUNICATION)
    held = [knock(address, "127.0.0.2") for _ in range(11)]
    assert not any(b"no free workers" in said for _, said in held[:10])
    assert b"no free workers" in held[10][1]
    with connect(for_hosts.name_server, deadline_s=PATIENCE_S) as connection:
        assert connection.rooms() == []
    for held_, _ in held:
        held_.close()


def test_g9_those_who_say_nothing_keep_nobody_out_and_end_no_server(small: Small, small_game: Game) -> None:
    cluster = small.cluster
    roles = (MAIN, COMMUNICATION, REPLICATION)
    before = [cluster.process_of(role) for role in roles]
    ports = (cluster.settings.public_address_of, cluster.settings.peer_address_of)
    addresses = [address_of(role) for role in roles for address_of in ports]
    silent = [socket.create_connection(address) for address in addresses for _ in range(30)]
    over = time.monotonic() + cluster.settings.hang_s * 2
    wait_until(lambda: small_game.x.view() and time.monotonic() > over, what="those who watch would have seen it hang")
    small_game.play(0, 3)
    assert [cluster.process_of(role) for role in roles] == before
    for held in silent:
        held.close()


def test_g9_answers_that_nobody_reads_keep_nobody_waiting(keeping_little: ClusterControl, game: Game) -> None:
    where = keeping_little.settings.public_address_of(MAIN)
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


def test_g9_a_connection_that_says_nothing_is_closed(impatient: ClusterControl) -> None:
    with socket.create_connection(impatient.settings.public_address_of(COMMUNICATION)) as silent:
        silent.settimeout(PATIENCE_S)
        while silent.recv(1024):
            pass  # what the server says before it closes
    with connect(impatient.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection, ("eve", "joe"))
        wait_until(lambda: game.x.view().phase == "playing")
        game.play(0)


def test_g9_a_closed_room_is_gone(connection: Connection, game: Game) -> None:
    room = game.ada.create("short")
    news = connection.watch_rooms()
    assert room.id in next(news)
    room.close()
    while room.id in next(news):
        pass
    with pytest.raises(RoomClosed):
        room.join()
    with pytest.raises(NoSuchRoom):
        game.bob.room(room.id)


def test_g9_closed_rooms_are_forgotten_but_for_the_latest(connection: Connection) -> None:
    player = connection.claim("host of four")
    rooms = [player.create(f"number {number}") for number in range(4)]
    for room in rooms:
        room.close()
    for forgotten in rooms[:2]:
        with pytest.raises(NoSuchRoom):
            wait_until(lambda room=forgotten: room.view().phase != "closed")
    assert [room.view().phase for room in rooms[2:]] == ["closed", "closed"]


def test_g9_rooms_that_nobody_uses_leave_memory_and_come_back(impatient: ClusterControl) -> None:
    with connect(impatient.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection)
        game.play(0, 3)
        before = game.x.view()
        wait_until(lambda: scrape(impatient.settings, MAIN).value("tictactoe_rooms_in_memory") == 0)
        after = game.x.view()
        assert after.board == before.board
        game.play(1)


def test_g9_rooms_that_nobody_uses_for_very_long_are_closed(for_hosts: ClusterControl) -> None:
    with connect(for_hosts.name_server, deadline_s=PATIENCE_S) as connection:
        room = connection.claim("ada").create("forgotten")
        for rooms in connection.watch_rooms():
            if not rooms:
                break
        with pytest.raises((RoomClosed, NoSuchRoom)):
            room.join()


def test_g9_the_journals_do_not_grow_with_every_move(keeping_little: ClusterControl, game: Game) -> None:
    for _ in range(20):
        game.play(0, 3, 1, 4, 2)
        game.x.rematch()
        game.o.rematch()
    assert game.x.view().version > 180

    def short(role: str) -> bool:
        with reading(keeping_little.settings, role) as journal:
            return 0 < len(journal.copy(f"room/{game.x.id}").entries) <= 20 + 10

    wait_until(lambda: short(MAIN) and short(REPLICATION))


def test_g9_hundreds_of_watchers_are_all_served(keeping_little: ClusterControl, game: Game) -> None:
    seen: list[int] = []
    place = f"room.{game.x.id}"
    version = game.x.view().version
    barrier = threading.Barrier(301, timeout=PATIENCE_S)

    def watch() -> None:
        remote = Proxy(keeping_little.settings.public_address_of(MAIN), place)
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
