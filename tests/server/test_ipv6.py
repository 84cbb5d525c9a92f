"""A cluster on IPv6 alone: name server, servers, metrics and clients."""

from __future__ import annotations

import urllib.request

import pytest

from client import connect
from tests.conditions import wait_until
from tests.conftest import Game, MakeCluster
from tests.wire.test_address_families import needs_ipv6
from wire import MAIN

HOSTS = (
    "name_server_host",
    "bind_host",
    "peer_bind_host",
    "main_host",
    "communication_host",
    "replication_host",
    "metrics_host",
)


@needs_ipv6
@pytest.mark.parametrize("kill", [False, True])
def test_a_game_is_played_on_ipv6(make_cluster: MakeCluster, kill: bool) -> None:
    cluster = make_cluster(**dict.fromkeys(HOSTS, "::1"))
    cluster.start()
    assert cluster.name_server == f"[::1]:{cluster.settings.name_server_port}"
    with connect(cluster.name_server) as connection:
        game = Game(connection)
        game.play(0)
        if kill:
            cluster.kill(MAIN)
        game.play(3)
        assert len(game.x.view().moves) == 2
    url = f"http://[::1]:{cluster.settings.main_metrics_port}/metrics"

    def told() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # our own
                return b"tictactoe_epoch" in answer.read()
        except OSError:
            return False

    wait_until(told, what="the metrics port is opened a second after the start")
