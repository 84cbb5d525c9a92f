"""G5: the game goes on as long as not all servers are down; whichever survive start the others, never two of a role."""

from __future__ import annotations

import contextlib
import itertools
import socket
import time
from collections import Counter
from collections.abc import Iterator

import psutil
import pytest

from client import Cluster as Connection
from client import connect
from server.control.cluster import ClusterControl, NotRunning
from server.supervision import processes
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import Game, new_names
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

SERVERS = (MAIN, COMMUNICATION, REPLICATION)
ALL = (*SERVERS, NAME_SERVER)
BETWEEN_GAMES_S = 0.3
"""Five seconds of games one upon the other would prove no more than some do."""


@pytest.fixture
def game(connection: Connection) -> Iterator[Game]:
    """The only game, of two who are new to the cluster; its room is closed in the end."""
    wait_until(lambda: connection.rooms() == [], what="no room of the tests before")
    game = Game(connection, new_names("ada", "bob"))
    yield game
    if game.x.view().phase == "playing":
        game.x.resign()
    game.x.close()


def servers_running(cluster: ClusterControl) -> dict[str, int]:
    """How many processes of each role this cluster has, the stand-by not counted."""
    roles = {processes.command_of(role, cluster.settings)[1]: role for role in SERVERS}
    count: Counter[str] = Counter()
    for process in psutil.process_iter(["cmdline"]):
        role = roles.get("".join((process.info["cmdline"] or [])[1:2]))
        if role is not None:
            with contextlib.suppress(psutil.NoSuchProcess):  # of another cluster, and gone meanwhile
                ours = process.environ().get("DATA_FOLDER") == cluster.settings.data_folder
                count[role] += ours and any(c.status == psutil.CONN_LISTEN for c in process.net_connections("tcp"))
    return dict(count)


@pytest.mark.parametrize(
    "killed",
    [pair for count in (1, 2) for pair in itertools.combinations(ALL, count)]
    + [(MAIN, COMMUNICATION, NAME_SERVER), (COMMUNICATION, REPLICATION, NAME_SERVER), (MAIN, REPLICATION, NAME_SERVER)],
    ids="+".join,
)
def test_g5_the_survivors_start_the_others(cluster: ClusterControl, game: Game, killed: tuple[str, ...]) -> None:
    game.play(0)
    for role in killed:
        cluster.kill(role)
    game.play(3)
    wait_until(cluster.is_whole, what="all four to run again")
    game.play(1, 4, 2)
    assert game.x.view().winner == game.ada.name
    assert servers_running(cluster) == dict.fromkeys(SERVERS, 1)
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as anew:
        assert [row.room for row in anew.rooms()] == [game.x.id]


def test_g5_open_games_go_on_without_the_name_server_and_the_front_door(cluster: ClusterControl, game: Game) -> None:
    for role in (NAME_SERVER, COMMUNICATION):
        cluster.kill(role)
        game.play(*([0, 3] if role == NAME_SERVER else [1, 4]))
    game.play(2)
    assert game.x.view().winner == game.ada.name


def take_its_port(cluster: ClusterControl) -> socket.socket | None:
    """End the name server and listen in its place; None if another was quicker, or the port is not free yet."""
    with contextlib.suppress(NotRunning):
        cluster.kill(NAME_SERVER)
    try:
        return socket.create_server(cluster.settings.name_server)
    except OSError:
        return None


def test_g5_games_go_on_while_the_name_server_is_gone_for_five_seconds(cluster: ClusterControl, game: Game) -> None:
    old = cluster.process_of(NAME_SERVER)
    # Somebody else has its port, so it cannot be started again before that one goes.
    with wait_until(lambda: take_its_port(cluster)):
        gone_until = time.monotonic() + 5.0
        games = 0
        while time.monotonic() < gone_until:
            game.play(0, 3, 1, 4, 2)
            game.x.rematch()
            game.o.rematch()
            games += 1
            time.sleep(BETWEEN_GAMES_S)
        assert not cluster.is_whole()
    wait_until(cluster.is_whole)
    new = cluster.process_of(NAME_SERVER)
    assert new is not None
    assert new != old
    assert sum(game.x.view().wins.values()) == games
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as anew:
        assert anew.rooms()[0].room == game.x.id


def test_g5_servers_that_are_stopped_for_good_stay_stopped(cluster: ClusterControl) -> None:
    pids = [run.pid for role in ALL if (run := cluster.process_of(role)) is not None]
    assert len(pids) == len(ALL)
    cluster.stop()
    assert not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids)
    assert processes.kill_all(cluster.settings) == []
