"""A real cluster is scraped while people play and servers die: what it tells is what happened."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from client import Cluster as Connection
from client import connect
from game.errors import TicTacToeError
from server.control.cluster import ClusterControl
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import HANG_S, Game, MakeCluster, new_names, whole
from tests.server.telemetry.scraping import ALL, OF_ROLE, Scrape, scrape
from verify.testbed.local_cluster import sandbox_cluster
from wire import COMMUNICATION, MAIN, REPLICATION, room_object
from wire.rpc import Proxy

ROLES = (MAIN, COMMUNICATION, REPLICATION)


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterControl]:
    """A cluster whose metrics anybody in its network may read. No test here kills a server of it."""
    with sandbox_cluster(hang_s=HANG_S, metrics_host="0.0.0.0") as cluster:  # noqa: S104
        at_first = read(cluster, MAIN)
        for counted in ("moves_total", "book_records", "rooms", "rooms_in_memory", "players", "names"):
            assert at_first.value(f"tictactoe_{counted}") == 0, "all is counted from here"
        yield cluster


@pytest.fixture
def connection(cluster: ClusterControl) -> Iterator[Connection]:
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        yield connection


@pytest.fixture
def game(connection: Connection) -> Iterator[Game]:
    """The only game that is open."""
    with closing(Game(connection, new_names("ada", "bob"))) as game:
        yield game


@pytest.fixture
def mortal(lasting_cluster: ClusterControl) -> ClusterControl:
    """A cluster, whole, whose servers these tests kill."""
    return whole(lasting_cluster)


@pytest.fixture
def mortal_game(mortal: ClusterControl) -> Iterator[Game]:
    with (
        connect(mortal.name_server, deadline_s=PATIENCE_S) as connection,
        closing(Game(connection, new_names("ada", "bob"))) as game,
    ):
        yield game


def read(cluster: ClusterControl, role: str) -> Scrape:
    return scrape(replace(cluster.settings, metrics_host="127.0.0.1"), role)


def up_to_date(cluster: ClusterControl, connection: Connection) -> Scrape | None:
    """What the main server tells, if it is of now: it may tell for a moment what it told before."""
    servers = connection.ask("servers")["servers"]
    told = read(cluster, MAIN)
    position = next(int(server["position"]) for server in servers if server["role"] == MAIN)
    return told if told.value("tictactoe_log_position") == position else None


def grown(name: str, now: Scrape, before: Scrape, **labels: str) -> float:
    """By how much a sample is larger than it was, when it may not have been there."""
    return now.value(name, **labels) - (before.value(name, **labels) if before.says(name, **labels) else 0)


def family(sample: str) -> str:
    """The name of a counter's family in the parser's eyes."""
    return sample.removesuffix("_total")


def test_every_server_tells_what_its_role_has_and_nothing_else(cluster: ClusterControl, game: Game) -> None:
    game.play(0, 3, 1, 4, 2)
    wait_until(lambda: read(cluster, MAIN).says("tictactoe_games_finished_total", termination="line"))
    known = {family(metric.name) for metric in ALL}
    for role in ROLES:
        told = read(cluster, role)
        ours = {name for name in told.families if name.startswith("tictactoe_")}
        assert {family(metric.name) for metric in OF_ROLE[role]} <= ours
        assert ours <= known
        assert told.value("tictactoe_server_info", server=role, protocol="2") == 1
        assert all(metric.documentation for metric in told.families.values())
    assert read(cluster, REPLICATION).value("tictactoe_takeovers_total", reason="died") == 0, "there from the start"


def test_moves_counted_are_moves_acknowledged(cluster: ClusterControl, connection: Connection) -> None:
    before = wait_until(lambda: up_to_date(cluster, connection), what="what other tests did is counted")
    games = [Game(connection, new_names("ada", "bob")) for _ in range(2)]
    game = games[0]
    acknowledged = refused = 0
    for _ in range(3):
        for one in games:
            for cell in (0, 3, 1, 4, 2):
                one.to_move().move(cell)
                acknowledged += 1
            for _ in range(2):
                with pytest.raises(TicTacToeError):
                    one.x.move(5)
                refused += 1
            one.x.rematch()
            one.o.rematch()
    watcher = connection.claim(f"wendy {game.ada.name}").room(game.x.id)
    watcher.join("spectator")
    told = wait_until(
        lambda: now if (now := read(cluster, MAIN)).value("tictactoe_watchers") == 1 else None,
        what="the watcher is told of",
    )
    assert grown("tictactoe_moves_total", told, before) == acknowledged
    assert grown("tictactoe_events_total", told, before, kind="moved") == acknowledged
    assert grown("tictactoe_move_duration_seconds_count", told, before) == acknowledged
    assert 0 < grown("tictactoe_move_duration_seconds_sum", told, before) < 60 * acknowledged
    assert grown("tictactoe_refused_requests_total", told, before, port="clients", code="game_not_running") == refused
    assert grown("tictactoe_games_finished_total", told, before, termination="line") == 6
    assert grown("tictactoe_book_records", told, before) == 6
    assert told.value("tictactoe_rooms") == grown("tictactoe_rooms_in_memory", told, before) == 2
    assert told.value("tictactoe_players") == 4
    assert grown("tictactoe_names", told, before) == 5
    commits = told.value("tictactoe_commits_total")
    assert acknowledged <= commits <= told.value("tictactoe_commit_duration_seconds_count")
    assert grown("tictactoe_batch_commands_sum", told, before) >= acknowledged + refused
    assert told.value("tictactoe_batch_commands_count") == told.value("tictactoe_commit_duration_seconds_count")
    assert told.value("tictactoe_epoch") == 1
    assert told.value("tictactoe_in_office") == 1
    wait_until(lambda: read(cluster, MAIN).value("tictactoe_replica_lag_entries") == 0)
    copy = read(cluster, REPLICATION)
    assert copy.value("tictactoe_log_position") == told.value("tictactoe_log_position")
    assert copy.value("tictactoe_epoch") == 1
    wait_until(lambda: read(cluster, COMMUNICATION).value("tictactoe_lobby_rooms") == 2)
    for one in games:
        one.close()


def test_a_takeover_is_counted_by_whoever_saw_to_it(mortal: ClusterControl, mortal_game: Game) -> None:
    mortal_game.play(0, 3)
    before, noted_before = read(mortal, REPLICATION), len(mortal.recoveries())
    epoch = read(mortal, MAIN).value("tictactoe_epoch")
    mortal.kill(MAIN)
    mortal_game.play(1, 4)
    told = wait_until(
        lambda: (
            now if grown("tictactoe_takeovers_total", now := read(mortal, REPLICATION), before, reason="died") else None
        ),
        what="the takeover is counted",
    )
    assert grown("tictactoe_takeovers_total", told, before, reason="died") == 1
    assert grown("tictactoe_takeovers_total", told, before, reason="hung") == 0
    assert grown("tictactoe_takeover_duration_seconds_count", told, before) == 1
    recoveries = mortal.recoveries()
    (noted,) = recoveries[: len(recoveries) - noted_before]
    took_s = grown("tictactoe_takeover_duration_seconds_sum", told, before)
    assert took_s == pytest.approx(noted.took_s, abs=0.0001)
    assert grown("tictactoe_starts_total", told, before, server=MAIN) == 1
    new = read(mortal, MAIN)
    assert new.value("tictactoe_epoch") == epoch + 1
    assert new.value("tictactoe_moves_total") == 2, "counts begin anew with the process"


def test_a_main_server_that_hangs_is_told_apart(mortal: ClusterControl, mortal_game: Game) -> None:
    mortal_game.play(0, 3)
    before = read(mortal, REPLICATION)
    main = mortal.process_of(MAIN)
    assert main is not None
    os.kill(main.pid, signal.SIGSTOP)
    mortal_game.play(1)
    wait_until(lambda: grown("tictactoe_takeovers_total", read(mortal, REPLICATION), before, reason="hung") == 1)


def test_seconds_without_a_replica_are_counted(mortal: ClusterControl, mortal_game: Game) -> None:
    wait_until(lambda: read(mortal, MAIN).value("tictactoe_degraded") == 0)
    before = read(mortal, MAIN).value("tictactoe_degraded_seconds_total")
    replica = mortal.process_of(REPLICATION)
    assert replica is not None
    os.kill(replica.pid, signal.SIGSTOP)
    seen = wait_until(lambda: now if (now := read(mortal, MAIN)).value("tictactoe_degraded") == 1 else None)
    mortal_game.play(0)
    wait_until(lambda: read(mortal, MAIN).value("tictactoe_degraded") == 0, what="another replica is in step")
    after = read(mortal, MAIN)
    counted_s = after.value("tictactoe_degraded_seconds_total")
    assert counted_s > seen.value("tictactoe_degraded_seconds_total") > before
    assert after.value("tictactoe_replica_lag_entries") == 0
    wait_until(
        lambda: read(mortal, MAIN).value("tictactoe_degraded_seconds_total") == counted_s, what="it stands still"
    )

    def replaced_and_started() -> tuple[float, float] | None:
        told = [read(mortal, role) for role in (MAIN, COMMUNICATION)]
        # Two watch the replication server. Whoever starts another may have seen the hung one end by the other's hand.
        replaced = sum(
            one.value("tictactoe_recoveries_total", server=REPLICATION, reason=reason)
            for one in told
            for reason in ("hung", "died")
        )
        started = sum(one.value("tictactoe_starts_total", server=REPLICATION) for one in told)
        return (replaced, started) if replaced else None

    replaced, started = wait_until(replaced_and_started, what="the replacement is counted by whoever saw to it")
    assert replaced <= started, "each is counted by one of the two"


def test_who_waits_is_counted(cluster: ClusterControl, game: Game) -> None:
    settings = cluster.settings
    over = threading.Event()

    def wait_in_the_room() -> None:
        with closing(Proxy(settings.public_address_of(MAIN), room_object(game.x.id))) as room:
            version = game.x.view().version
            while not over.is_set():  # a wait is over after a while, news or not
                version = room.call("wait", game.ada.token, version, 20.0, timeout_s=PATIENCE_S)["version"]

    def wait_in_the_lobby() -> None:
        with closing(Proxy(settings.public_address_of(COMMUNICATION), COMMUNICATION)) as lobby:
            cursor = lobby.call("rooms", timeout_s=PATIENCE_S)["cursor"]
            while not over.is_set():
                cursor = lobby.call("wait_rooms", cursor, 20.0, timeout_s=PATIENCE_S)["cursor"]

    threads = [threading.Thread(target=wait) for wait in (wait_in_the_room, wait_in_the_lobby)]
    for thread in threads:
        thread.start()
    wait_until(lambda: read(cluster, MAIN).value("tictactoe_callers_waiting", news_of="room") == 1)
    wait_until(lambda: read(cluster, COMMUNICATION).value("tictactoe_callers_waiting", news_of="lobby") == 1)
    assert read(cluster, MAIN).value("tictactoe_connections", port="clients") >= 3
    assert read(cluster, MAIN).value("tictactoe_connections", port="peers") >= 2
    over.set()
    game.play(0)
    game.ada.create("another")
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    wait_until(lambda: read(cluster, MAIN).value("tictactoe_callers_waiting", news_of="room") == 0)
    wait_until(lambda: read(cluster, COMMUNICATION).value("tictactoe_callers_waiting", news_of="lobby") == 0)


def test_who_waits_for_a_match_is_counted_until_they_cancel(cluster: ClusterControl, game: Game) -> None:
    seeking = threading.Thread(target=game.ada.seek)
    seeking.start()
    wait_until(lambda: read(cluster, COMMUNICATION).value("tictactoe_seekers") == 1)
    game.ada.cancel_seek()
    seeking.join()
    wait_until(lambda: read(cluster, COMMUNICATION).value("tictactoe_seekers") == 0)


def test_a_port_that_is_taken_keeps_nobody_from_serving(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    with socket.create_server(("127.0.0.1", cluster.settings.main_metrics_port)):
        cluster.start()
        with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
            Game(connection).play(0, 3, 1, 4, 2)
        logs = (cluster.settings.data / "logs").glob
        warning = "metrics port not opened"
        wait_until(lambda: any(warning in log.read_text() for log in logs("main_server-*")))
        assert cluster.is_whole()
    assert read(cluster, MAIN).value("tictactoe_moves_total") == 5, "it was tried again"


def test_ports_that_are_open_to_a_network_are_said_at_the_start(cluster: ClusterControl) -> None:
    for role in ROLES:
        first = min((cluster.settings.data / "logs").glob(f"{role}-*.log"))
        assert "to='readers of metrics' on='0.0.0.0'" in first.read_text()
