"""The first screen, the lobby and the cluster view as models, against a real cluster."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import client.cluster
from client.desktop.model.lobby.computer import level_of
from client.room import RoomClient
from server.control.cluster import ClusterControl
from tests.client.desktop.model.seat import Seat, SitDown
from tests.client.desktop.model.seen import row_like
from tictactoe import OwnServers
from wire import MAIN, PROTOCOL_VERSION
from wire.errors import DeadlineExceeded, NotReady


def says(seat: Seat) -> str:
    """What the first screen says in the end."""
    seat.wait(lambda: not seat.model.start.doing and seat.model.start.message)
    return seat.model.start.message


def test_without_a_server_it_says_what_to_do(sit_down: SitDown) -> None:
    assert says(sit_down("127.0.0.1:1", "ann")) == (
        "No cluster answers at 127.0.0.1:1: nothing listens there (tried for 3 s). Is it running? Check the address."
    )


def test_another_version_is_said_in_plain_words(
    sit_down: SitDown, shared_cluster: ClusterControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.cluster, "PROTOCOL_VERSION", 7)
    said = says(sit_down(shared_cluster.name_server, "ann v"))
    assert f"runs another version: the server speaks version {PROTOCOL_VERSION}, this client version 7." in said
    assert said.endswith("Update the older of the two.")


def test_tokens_that_cannot_be_read_are_said_and_not_overwritten(
    sit_down: SitDown, shared_cluster: ClusterControl, tmp_path: Path
) -> None:
    tokens = tmp_path / "beate" / "tokens.json"
    tokens.parent.mkdir()
    tokens.write_text("{broken")
    assert "mend the file or move it away" in says(sit_down(shared_cluster.name_server, "beate"))
    assert tokens.read_text() == "{broken"


def test_giving_up_leaves_the_first_screen_as_it_was(sit_down: SitDown) -> None:
    ann = sit_down("127.0.0.1:1", "ann")
    assert ann.model.start.doing
    ann.model.start.cancel()
    ann.model.background.drain()
    assert (ann.model.start.doing, ann.model.start.message) == ("", "")


def test_signing_out_and_in_again(sit_down: SitDown, shared_cluster: ClusterControl) -> None:
    ann = sit_down(shared_cluster.name_server, "cam s")
    room = ann.creates("left behind").id
    ann.model.sign_out()
    assert ann.model.shown is ann.model.start
    assert ann.model.start.name == "cam s"
    ann.model.start.sign_in(ann.model.start.server, ann.model.start.name)
    assert room in {game.row.room for game in ann.lobby.games.all()}


def test_open_games_are_sorted_by_who_waits_for_whom(sit_down: SitDown, shared_cluster: ClusterControl) -> None:
    dan, eli = (sit_down(shared_cluster.name_server, name) for name in ("dan s", "eli s"))
    rooms = []
    for title in ("first", "second"):
        rooms.append(dan.creates(title).id)
        eli.enters(rooms[-1])
        dan.wait(lambda: dan.room.my_turn)
        if title == "second":
            dan.plays(0)
        for seat in (dan, eli):
            seat.room.leave()
    dan.wait(lambda: [game.my_turn for game in dan.lobby.games.all()] == [True, False])
    assert [game.row.room for game in dan.lobby.games.all()] == rooms
    eli.wait(lambda: [game.row.room for game in eli.lobby.games.all() if game.my_turn] == rooms[1:])


def test_a_game_whose_watch_failed_is_watched_again_though_nothing_changes_in_the_lobby(
    sit_down: SitDown, shared_cluster: ClusterControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    hob = sit_down(shared_cluster.name_server, "hob s")
    assert hob.lobby.games.all() == []
    assert hob.model.user is not None
    player = hob.model.user.player
    go_in, failures = player.room, [DeadlineExceeded("no answer"), NotReady("not yet")]

    def room(room_id: str) -> RoomClient:
        if failures:
            raise failures.pop()
        return go_in(room_id)

    monkeypatch.setattr(player, "room", room)
    player.create("watched in the end").join()
    hob.wait(lambda: [game.view is not None for game in hob.lobby.games.all()] == [True])
    assert not failures


def test_one_s_running_games_come_before_rooms_in_which_nobody_waits(
    sit_down: SitDown, shared_cluster: ClusterControl
) -> None:
    ida = sit_down(shared_cluster.name_server, "ida s")
    lobby = ida.lobby
    lobby.stop()
    ida.model.background.drain()
    phases = {"aa": "waiting", "bb": "finished", "cc": "playing", "dd": "waiting"}
    rows = {room: row_like(room, phase, players={"X": "ida s", "O": None}) for room, phase in phases.items()}
    lobby._news(rows)
    assert [game.row.room for game in lobby.games.all()] == ["cc", "bb", "aa", "dd"]


def test_the_list_is_bounded_and_the_search_finds_the_rest(sit_down: SitDown, shared_cluster: ClusterControl) -> None:
    fay = sit_down(shared_cluster.name_server, "fay s")
    rows = [row_like(f"r{number:05}", title=f"Room {number}") for number in range(2000)]
    lobby = fay.lobby
    lobby.stop()
    fay.model.background.drain()
    lobby.rooms = {row.room: row for row in rows}
    lobby.search_for("room")
    assert len(lobby.shown()) == 300
    lobby.search_for("Room 1999")
    assert [row.title for row in lobby.shown()] == ["Room 1999"]
    lobby.search_for("nothing like it")
    assert lobby.hint == "No room matches “nothing like it”."


def test_the_cluster_view_looks_and_kills_only_what_runs_here(
    sit_down: SitDown, shared_cluster: ClusterControl
) -> None:
    gil = sit_down(shared_cluster.name_server, "gil s", own=lambda: OwnServers(shared_cluster.settings))
    assert gil.lobby.me == "gil s"
    servers = gil.model.cluster_view()
    assert servers is not None
    gil.wait(lambda: servers.can_kill and all(server.is_well for server in servers.servers))
    before = {server.role: server.pid for server in servers.servers}
    servers.kill(MAIN)
    gil.wait(lambda: servers.message == f"Killed the main server, pid {before[MAIN]}.")
    replaced = lambda: {server.role for server in servers.servers if server.pid != before[server.role]}  # noqa: E731
    gil.wait(lambda: replaced() and all(server.is_well for server in servers.servers))
    assert replaced() == {MAIN}
    gil.wait(lambda: servers.takeovers and servers.takeovers[0].role == MAIN)
    servers.stop()


def test_computer_players_are_known_by_their_names() -> None:
    assert level_of("perfect-bot-0a1b2c") == "perfect"
    assert level_of("random-bot-0a1b2c") == "random"
    assert level_of("clever-bot-0a1b2c") is None
    assert level_of("perfect") is None


def test_the_models_need_no_tk() -> None:
    code = "import sys, client.desktop.model.app; sys.exit('tkinter' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
