"""Drain: nothing new begins, what runs comes to its end, nobody loses anything, and then all stops."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from client import Cluster as Connection
from client import connect
from client.retry import is_retryable
from client.room import new_request_id
from game.errors import Draining
from server.control import drain_command
from server.control.cluster import ClusterControl, NotRunning
from server.control.drain_command import DrainCancelled
from server.supervision import processes
from server.supervision.role_status import DrainStatus
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import Game, MakeCluster, new_names, whole
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

SERVERS = (MAIN, COMMUNICATION, REPLICATION)
AN_HOUR_S = 3600.0


@pytest.fixture
def cluster(lasting_cluster: ClusterControl) -> ClusterControl:
    """The one of all tests here, whole again and open."""
    drain_command.reopen(whole(lasting_cluster))
    assert lasting_cluster.drain_status() == DrainStatus(False)
    return lasting_cluster


@pytest.fixture
def game(cluster: ClusterControl, connection: Connection) -> Iterator[Game]:
    """The only game that runs, of two who are new to the cluster."""
    game = Game(connection, new_names("ada", "bob"))
    yield game
    if cluster.runs_here() and game.x.view().phase == "playing":
        game.x.resign()


class Drain:
    """A drain in a thread of its own, and what came of it."""

    def __init__(self, cluster: ClusterControl, deadline_s: float | None) -> None:
        self.seen: list[DrainStatus] = []
        self.left: DrainStatus | None = None
        self.failed: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(cluster, deadline_s), daemon=True)
        self._thread.start()

    def _run(self, cluster: ClusterControl, deadline_s: float | None) -> None:
        try:
            self.left = drain_command.drain(cluster, deadline_s=deadline_s, on_progress=self.seen.append)
        except Exception as error:
            self.failed = error

    def join(self) -> None:
        """Wait for its end."""
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@contextmanager
def draining(cluster: ClusterControl, deadline_s: float | None = None) -> Iterator[Drain]:
    """A drain that has begun and waits for games."""
    drain = Drain(cluster, deadline_s)
    wait_until(lambda: drain.seen, what="the drain has begun")
    yield drain
    drain.join()


def refused(do: Callable[[], object]) -> bool:
    """Whether that is refused for the one reason, and nobody tries it again."""
    with pytest.raises(Draining, match="closing for maintenance") as caught:
        do()
    assert (caught.value.code, caught.value.fault) == ("draining", "ours"), "a code of its own"
    return not is_retryable(caught.value)


def test_drain_waits_for_the_running_game_and_stops(cluster: ClusterControl, game: Game) -> None:
    with draining(cluster) as drain:
        assert drain.seen[-1] == DrainStatus(True, None, 1)
        game.play(0, 3, 1, 4)
        assert cluster.is_whole()
        game.play(2)
        assert game.x.view().winner == game.ada.name
    assert drain.left == DrainStatus(True, None, 0)
    assert [status.state for status in cluster.status()] == ["stopped"] * 4


def test_drain_refuses_what_is_new_and_lets_the_rest_through(
    cluster: ClusterControl, game: Game, connection: Connection
) -> None:
    alone = game.ada.create("nobody has come yet")
    made = new_request_id()
    first = game.ada.create("made before", request_id=made)
    assert cluster.set_drain(True, None)
    assert refused(lambda: game.ada.create("another"))
    (carol,) = new_names("carol")
    assert refused(lambda: connection.claim(carol))
    assert refused(alone.join)
    assert game.ada.create("made before", request_id=made).id == first.id, "a retry gets the first answer"
    assert connection.claim(game.ada.name, token=game.ada.token).name == game.ada.name
    game.x.leave()
    assert game.x.join().seat == "X"
    assert game.bob.room(first.id).join("spectator").seat is None
    game.play(0, 3, 1, 4, 2)
    assert refused(game.x.rematch)
    wait_until(lambda: connection.ask("describe")["draining"] == {"until": None})
    assert connection.ask("online", game.ada.name, game.ada.token)["draining"] == {"until": None}
    assert next(game.x.watch()).draining


def test_drain_is_called_off(cluster: ClusterControl, game: Game, connection: Connection) -> None:
    with draining(cluster) as drain:
        drain_command.reopen(cluster)
    assert isinstance(drain.failed, DrainCancelled)
    assert cluster.is_whole()
    game.ada.create("another")
    connection.claim(*new_names("carol"))
    assert not next(game.x.watch()).draining


def test_drain_stops_at_its_deadline_and_the_games_are_there_after_the_next_start(
    cluster: ClusterControl, game: Game
) -> None:
    game.play(0, 3)
    with draining(cluster, deadline_s=1.0) as drain:
        pass
    assert drain.left is not None
    assert drain.left.games == 1
    assert not cluster.runs_here()
    cluster.start()
    game.play(1, 4, 2)
    assert game.x.view().winner == game.ada.name
    game.ada.create("open again")


def test_drain_that_begins_while_main_is_being_replaced_waits_for_it_and_goes_on_when_servers_are_killed_meanwhile(
    cluster: ClusterControl, game: Game
) -> None:
    cluster.kill(MAIN)
    with draining(cluster, deadline_s=AN_HOUR_S) as drain:
        until = drain.seen[-1].until
        for role in (MAIN, COMMUNICATION, REPLICATION, NAME_SERVER):
            cluster.kill(role)
            assert refused(lambda: game.ada.create("another"))
            wait_until(cluster.is_whole)
        assert cluster.drain_status() == DrainStatus(True, until, 1)
        game.play(0, 3, 1, 4, 2)
    assert drain.left == DrainStatus(True, until, 0)
    assert not cluster.runs_here()


def test_drain_does_not_wait_for_a_game_that_both_have_left_and_is_over_after_a_start_whoever_is_killed_on_the_way(
    cluster: ClusterControl, game: Game
) -> None:
    game.play(0)
    game.x.leave()
    game.o.leave()
    drain_command.drain(cluster)
    cluster.start()
    for _ in range(2):
        cluster.kill(MAIN)
        wait_until(cluster.is_whole)
    assert cluster.drain_status() == DrainStatus(False)
    game.ada.create("open again")
    assert game.x.join().seat == "X"
    game.o.join()
    game.play(3)


def test_drain_is_over_when_somebody_starts_a_cluster_that_was_killed_altogether(cluster: ClusterControl) -> None:
    assert cluster.set_drain(True, None)
    running = [run for role in SERVERS if (run := cluster.process_of(role)) is not None]
    for run in running:
        os.kill(run.pid, signal.SIGSTOP)  # so that none starts another
    for run in running:
        processes.kill(run)
    cluster.start()
    assert cluster.drain_status() == DrainStatus(False)


def test_drain_of_what_does_not_run_says_so(make_cluster: MakeCluster) -> None:
    for ask in (drain_command.drain, drain_command.reopen):
        with pytest.raises(NotRunning):
            ask(make_cluster())


def others_wait(cluster: ClusterControl, game: Game) -> bool:
    """Whether somebody beside bob waits for a match."""
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        return bool(connection.ask("seek", game.bob.token, {}, "", 0.0)["others"])


def test_drain_ends_the_wait_of_who_asked_for_a_match_and_refuses_the_next(cluster: ClusterControl, game: Game) -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(game.ada.seek)
        wait_until(lambda: others_wait(cluster, game))
        assert cluster.set_drain(True, None)
        assert refused(lambda: asked.result(timeout=PATIENCE_S))
    assert refused(game.bob.seek)
    assert refused(game.bob.play_house_bot)
