"""Servers start on every data folder that was ever released, and go on where it was. See ``tools/sample_data.py``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from client import Cluster as Connection
from client import Player, connect
from game.errors import NoSuchRoom, RoomClosed
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import MakeCluster
from wire import MAIN

SAMPLES = sorted(Path("tests/samples").resolve().glob("data-*"))


@pytest.fixture(params=SAMPLES, ids=lambda sample: str(sample.name))
def sample(request: pytest.FixtureRequest) -> Path:
    """A sample data folder."""
    folder: Path = request.param
    return folder


@pytest.fixture
def known(sample: Path) -> dict[str, Any]:
    """What its maker knew of it."""
    known: dict[str, Any] = json.loads((sample / "known.json").read_text())
    return known


@pytest.mark.parametrize("left_out", ["neither", "main", "replication"])
def test_a_released_data_folder_is_read_and_its_games_go_on(
    make_cluster: MakeCluster, sample: Path, known: dict[str, Any], left_out: str
) -> None:
    cluster = make_cluster()
    shutil.copytree(sample, cluster.settings.data, dirs_exist_ok=True, ignore=shutil.ignore_patterns(left_out))
    cluster.start()
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        players = {name: connection.claim(name, token=token) for name, token in known["tokens"].items()}
        _has_everything(connection, players, known)
        _goes_on(players, known)
        cluster.kill(MAIN)
        _has_a_move_more(players, known)
        wait_until(cluster.is_whole)


def _has_everything(connection: Connection, players: dict[str, Player], known: dict[str, Any]) -> None:
    for room_id, seen in known["rooms"].items():
        invitation = known["invitation"] if known["invitation"].startswith(room_id) else room_id
        player = players[next(name for name in seen["seats"].values() if name is not None)]
        room = player.room(invitation)
        room.join()
        view = room.view()
        assert {seat: owner and owner.name for seat, owner in view.seats.items()} == seen["seats"]
        assert (view.title, view.phase, view.board["cells"]) == (seen["title"], seen["phase"], seen["cells"])
        assert view.version >= seen["version"]
    with pytest.raises((NoSuchRoom, RoomClosed)):
        players["ada"].room(known["closed"]).join()
    wait_until(lambda: len(connection.games().games) == known["finished_games"])
    assert {tuple(game.record.seats.values()) for game in connection.games().games} == {("ada", "Bob"), ("Bob", "ada")}


def _goes_on(players: dict[str, Player], known: dict[str, Any]) -> None:
    asked = known["request"]
    again = players[asked["by"]].room(asked["room"]).move(asked["move"], request_id=asked["id"])
    assert again.version == asked["version"], "a retry gets the first answer"
    players["Bob"].room(asked["room"]).move(0)


def _has_a_move_more(players: dict[str, Player], known: dict[str, Any]) -> None:
    assert players["ada"].room(known["request"]["room"]).view().board["cells"].startswith("O...X")
