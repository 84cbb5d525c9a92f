"""The lobby: rooms come and go by themselves, and every way into one."""

from __future__ import annotations

import pytest

from client import connect
from client.desktop.model.lobby.new_room import NewRoom
from server.control.cluster import ClusterControl
from tests.client.desktop.window.windows import Desk
from tests.conditions import PATIENCE_S
from tests.conftest import MakeCluster


def test_an_empty_lobby_says_what_to_do_and_fills_by_itself(desk: Desk, make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    cluster.start()
    ada = desk.sit_down(cluster.name_server, "ada")
    lobby = ada.lobby
    desk.wait(lambda: lobby.hint.cget("text").startswith("No room is open yet.\nOpen one"))
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        grace = connection.claim("grace")
        room = grace.create("A friendly game", width=5, height=5, in_a_row=4)
        desk.wait(lambda: room.id in lobby.rooms.get_children())
        assert not lobby.hint.winfo_manager()
        assert lobby.rooms.item(room.id, "values") == (
            "A friendly game",
            "nobody yet",
            "5×5, 4 in a row",
            "free seat",
            "",
        )
        room.join()
        desk.wait(lambda: lobby.rooms.item(room.id, "values")[1] == "grace")
        room.close()
        desk.wait(lambda: not lobby.rooms.get_children())


def test_search_finds_by_title_player_and_id(desk: Desk, shared_cluster: ClusterControl) -> None:
    with connect(shared_cluster.name_server, deadline_s=PATIENCE_S) as connection:
        ines = connection.claim("ines")
        rooms = {title: ines.create(title).id for title in ("Quick one", "Slow one", "Something else")}
    jon = desk.sit_down(shared_cluster.name_server, "jon")
    lobby = jon.lobby
    desk.wait(lambda: set(rooms.values()) <= set(lobby.rooms.get_children()))
    for text, titles in (("one quick", {"Quick one"}), (rooms["Slow one"], {"Slow one"}), ("nowhere to be", set())):
        lobby.search.delete(0, "end")
        lobby.search.insert(0, text)
        jon.types(lobby.search, "KeyRelease-e")
        assert {lobby.rooms.item(room, "values")[0] for room in lobby.rooms.get_children()} == titles
    assert lobby.hint.cget("text") == "No room matches “nowhere to be”."
    jon.types(lobby.search, "Escape")
    assert set(rooms.values()) <= set(lobby.rooms.get_children())


def test_enter_never_leads_to_another_room_than_the_one_that_was_chosen(
    desk: Desk, shared_cluster: ClusterControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(shared_cluster.name_server, deadline_s=PATIENCE_S) as connection:
        wes = connection.claim("wes")
        going, staying = (wes.create(title) for title in ("wes goes", "wes stays"))
        yao = desk.sit_down(shared_cluster.name_server, "yao")
        lobby = yao.lobby
        desk.wait(lambda: {going.id, staying.id} <= set(lobby.rooms.get_children()))
        lobby.rooms.selection_set(going.id)
        going.close()
        desk.wait(lambda: going.id not in lobby.rooms.get_children())
        assert lobby.rooms.selection() == ()
        yao.types(lobby.rooms, "Return")
        assert lobby.model.doing == ""
        entered: list[str] = []
        monkeypatch.setattr(lobby.model, "enter", lambda room, _role: entered.append(room))
        lobby.search.insert(0, "wes stays")  # pasted: no key was released yet
        yao.types(lobby.search, "Return")
        assert entered == [staying.id]


def test_the_way_back_to_a_game_stays_the_same_button_while_the_game_changes(
    desk: Desk, shared_cluster: ClusterControl
) -> None:
    with connect(shared_cluster.name_server, deadline_s=PATIENCE_S) as connection:
        zed = desk.sit_down(shared_cluster.name_server, "zed")
        zed.opens_new_room("zed's").open.invoke()
        room = connection.claim("amy").room(zed.room.model.id)
        zed.window.escape()
        lobby = zed.lobby
        desk.wait(lambda: len(lobby.games.winfo_children()) == 2)
        before = lobby.games.winfo_children()
        room.join()
        desk.wait(lambda: "Your turn, against amy" in before[0].cget("text"))
        assert lobby.games.winfo_children() == before


def test_watch_and_join_by_key_double_click_and_button(desk: Desk, shared_cluster: ClusterControl) -> None:
    with connect(shared_cluster.name_server, deadline_s=PATIENCE_S) as connection:
        kai = connection.claim("kai")
        room = kai.create("kai's room")
        room.join()
        lou = desk.sit_down(shared_cluster.name_server, "lou")
        lobby = lou.lobby
        desk.wait(lambda: room.id in lobby.rooms.get_children())
        lobby.rooms.selection_set(room.id)
        lou.types(lobby.rooms, "w")
        lou.waits_for(headline="Waiting for players")
        assert lou.room.model.seat is None
        lou.room.actions.seat.invoke()
        lou.waits_for(headline="kai is to move")
        room.resign()
        lou.window.escape()
        lobby = lou.lobby
        desk.wait(lambda: room.id in lobby.rooms.get_children())
        lobby.rooms.selection_set(room.id)
        lobby.rooms.see(room.id)
        desk.app.update()
        x, y, width, height = lobby.rooms.bbox(room.id)
        for kind in ("Button-1", "ButtonRelease-1", "Button-1"):
            lobby.rooms.event_generate(f"<{kind}>", x=x + width // 2, y=y + height // 2)
        lou.waits_for(headline="You won — kai resigned")


def test_a_room_that_is_full_can_only_be_watched(desk: Desk, shared_cluster: ClusterControl) -> None:
    with connect(shared_cluster.name_server, deadline_s=PATIENCE_S) as connection:
        room = connection.claim("max").create("full")
        room.join()
        connection.claim("nia").room(room.id).join()
    olaf = desk.sit_down(shared_cluster.name_server, "olaf")
    lobby = olaf.lobby
    desk.wait(lambda: room.id in lobby.rooms.get_children())
    lobby.rooms.selection_set(room.id)
    desk.wait(lambda: str(lobby.join.cget("state")) == "disabled")
    olaf.types(lobby.rooms, "Return")
    olaf.waits_for(headline="max is to move")
    assert olaf.room.spectators.cget("text") == "1 spectator: olaf"


def test_who_is_online(desk: Desk, shared_cluster: ClusterControl) -> None:
    pat = desk.sit_down(shared_cluster.name_server, "pat")
    desk.wait(lambda: "pat" in pat.lobby.model.online)
    lobby = desk.sit_down(shared_cluster.name_server, "quo").lobby
    desk.wait(lambda: {"pat", "quo"} <= set(lobby.model.online))
    desk.wait(lambda: "online: " in lobby.online.cget("text") and "pat" in lobby.online.cget("text"))


def test_playing_alone_goes_on_after_a_crash_of_the_window(desk: Desk, shared_cluster: ClusterControl) -> None:
    ruby = desk.sit_down(shared_cluster.name_server, "ruby")
    ruby.lobby.act(lambda: ruby.lobby.model.create(NewRoom(level="perfect")))
    ruby.waits_for(headline="Your turn")
    ruby.plays(0)
    ruby.waits_for(headline="Your turn")
    view = ruby.room.model.view
    assert view is not None
    assert view.board["cells"] == "X...O....", "the one good answer to a corner"
    ruby.crashes()
    tokens = ruby.window.model.credentials
    tokens.token_for(shared_cluster.name_server, "perfect-bot-ffffff")  # another window had one made, too

    ruby = desk.sit_down(shared_cluster.name_server, "ruby", room=view.room)
    ruby.plays(8)
    ruby.waits_for(headline="Your turn")
    ruby.resigns()
    ruby.waits_for(headline="You resigned")
    desk.wait(lambda: "offers a rematch" in ruby.bars)
    ruby.settles()
    ruby.room.actions.rematch.invoke()
    ruby.waits_for(headline="Your turn")


def test_a_computer_sits_down_at_a_larger_board_too(desk: Desk, shared_cluster: ClusterControl) -> None:
    ulla = desk.sit_down(shared_cluster.name_server, "ulla")
    panel = ulla.opens_new_room("ulla alone")
    for variable, value in ((panel.width, 6), (panel.height, 5), (panel.in_a_row, 4)):
        variable.set(str(value))
    panel.against.set("Computer: hard")
    panel.open.invoke()
    ulla.plays(0)
    ulla.waits_for(headline="Your turn")
    view = ulla.room.model.view
    assert view is not None
    assert (view.title, view.board["width"], view.board["height"]) == ("ulla alone", 6, 5)
    assert view.board["cells"].count("O") == 1


def test_a_board_that_cannot_be_is_not_offered(desk: Desk, shared_cluster: ClusterControl) -> None:
    sue = desk.sit_down(shared_cluster.name_server, "sue")
    panel = sue.opens_new_room("impossible")
    for width, height, in_a_row, fits in (
        ("3", "3", "4", False),
        ("11", "3", "3", False),
        ("", "3", "3", False),
        ("x", "3", "3", False),
        ("10", "3", "10", True),
    ):
        for variable, value in ((panel.width, width), (panel.height, height), (panel.in_a_row, in_a_row)):
            variable.set(value)
        assert str(panel.open.cget("state")) == ("normal" if fits else "disabled")
        assert bool(panel.wrong.cget("text")) is not fits
    sue.types(panel.title, "Escape")
    assert not panel.winfo_manager()
