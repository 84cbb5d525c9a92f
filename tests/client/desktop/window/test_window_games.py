"""Whole games between real windows on a real cluster."""

from __future__ import annotations

import pytest

from server.control.cluster import ClusterControl
from tests.client.desktop.window.windows import Desk, Person, play, two_in_a_room

WIN = ((0, 4, 1, 5, 2), "XXX.OO...")
DRAW = ((0, 1, 2, 4, 3, 5, 7, 6, 8), "XOXXOOOXX")


def test_two_play_to_a_win_while_a_third_watches(desk: Desk, shared_cluster: ClusterControl) -> None:
    ada, bob = two_in_a_room(desk, shared_cluster, "ada", "bob")
    eve = desk.sit_down(shared_cluster.name_server, "eve", room=ada.room.model.id, watch=True)
    eve.waits_for(headline="ada is to move")
    cells, end = WIN
    play(cells, ada, bob, watching=[eve])
    ada.waits_for(headline="You won!", board=end)
    bob.waits_for(headline="ada won", board=end)
    eve.waits_for(headline="ada won", board=end)
    for person in (ada, bob, eve):
        board = person.room.board
        desk.wait(lambda board=board: board.find_withtag("line"), "the winning line")  # type: ignore[misc]
        assert person.room.players.score.cget("text") == "1 : 0"
        assert person.room.spectators.cget("text") == "1 spectator: eve"
    eve.clicks(8)
    assert eve.room.model.command.pending is None, "who watches can do nothing"
    assert not eve.room.actions.rematch.winfo_manager()
    assert not eve.room.actions.resign.winfo_manager()


def test_a_draw_a_rematch_with_swapped_seats_and_the_moves_looked_at_again(
    desk: Desk, shared_cluster: ClusterControl
) -> None:
    fay, gus = two_in_a_room(desk, shared_cluster, "fay", "gus")
    cells, end = DRAW
    play(cells, fay, gus)
    for person in (fay, gus):
        person.waits_for(headline="Draw", board=end)

    fay.types(fay.room.board, "Home")
    fay.waits_for(board=".........")
    fay.types(fay.room.board, "Next", "Next")
    fay.waits_for(board="XO.......")
    assert fay.room.steps.position.cget("text") == "move 2 of 9"
    fay.types(fay.room.board, "Escape")
    fay.waits_for(board=end)

    gus.room.actions.rematch.invoke()
    desk.wait(lambda: fay.bars == "gus offers a rematch")
    desk.wait(lambda: gus.bars == "You offer fay a rematch")
    fay.types(fay.room.board, "r")
    gus.waits_for(headline="Your turn", board=".........")
    assert fay.room.players.score.cget("text") == "0 : 0  ·  1 drawn"
    gus.clicks(4)
    fay.waits_for(headline="Your turn", board="....X....")


def test_the_board_stays_as_large_as_it_is_when_a_move_is_made_and_something_offered(
    desk: Desk, shared_cluster: ClusterControl
) -> None:
    dot, eli = two_in_a_room(desk, shared_cluster, "dot", "eli")

    def sizes() -> list[tuple[int, int]]:
        desk.app.update()
        return [(one.room.board.winfo_width(), one.room.board.winfo_height()) for one in (dot, eli)]

    before = sizes()
    play((0, 4), dot, eli)
    dot.room.model.offer("draw")
    desk.wait(lambda: eli.bars)
    assert sizes() == before


def test_who_leaves_finds_the_game_on_top_of_the_lobby_and_comes_back(
    desk: Desk, shared_cluster: ClusterControl
) -> None:
    hal, ivy = two_in_a_room(desk, shared_cluster, "hal", "ivy")
    hal.clicks(4)
    ivy.waits_for(headline="Your turn")
    ivy.window.escape()
    lobby = ivy.lobby
    desk.wait(lambda: [game.text for game in lobby.model.games.all()] == ["Your turn, against hal"])
    desk.wait(lambda: len(lobby.games.winfo_children()) == 2)
    ivy.types(lobby.search, "Control-Key-1")
    ivy.waits_for(headline="Your turn", board="....X....")
    ivy.clicks(0)
    hal.waits_for(headline="Your turn", board="O...X....")


def test_a_seat_is_offered_after_the_window_crashed(desk: Desk, shared_cluster: ClusterControl) -> None:
    kim, leo = two_in_a_room(desk, shared_cluster, "kim", "leo")
    kim.clicks(0)
    leo.waits_for(headline="Your turn")
    leo.crashes()
    again = desk.sit_down(shared_cluster.name_server)
    start = again.window.screen
    assert start is not None
    again = desk.sit_down(shared_cluster.name_server, "leo")
    desk.wait(lambda: [game.my_turn for game in again.lobby.model.games.all()] == [True])
    again.types(again.lobby.search, "Control-Key-1")
    again.waits_for(headline="Your turn", board="X........")
    again.clicks(1)
    kim.waits_for(headline="Your turn", board="XO.......")


def test_resigning_asks_once_and_the_owner_can_close_the_room(desk: Desk, shared_cluster: ClusterControl) -> None:
    mia, ned = two_in_a_room(desk, shared_cluster, "mia", "ned")
    room = ned.room
    room.actions.resign.invoke()
    assert room.notice.cget("text") == "Resign this game?"
    room.escape()
    assert room.notice.cget("text") == ""
    assert isinstance(ned.window.screen, type(room)), "the first Esc takes back the question alone"
    ned.types(room.board, "r")
    ned.types(room.actions.resign, "r", "r")
    assert room.notice.cget("text") == "Resign this game?", "a key held down asks, and no more"
    assert ned.sees(headline="mia is to move")
    room.actions.resign.event_generate("<Return>")
    ned.waits_for(headline="You resigned")
    mia.waits_for(headline="You won — ned resigned")
    assert not ned.room.actions.close.winfo_manager(), "the room is not ned's"
    mia.room.actions.close.invoke()
    assert "was closed" in ned.lobby.model.message
    assert mia.lobby is not None


def test_everything_on_the_board_by_keyboard(desk: Desk, shared_cluster: ClusterControl) -> None:
    oda, pia = two_in_a_room(desk, shared_cluster, "oda", "pia")
    oda.types(oda.room.board, "Left", "Up", "Return")
    pia.waits_for(headline="Your turn", board="X........")
    pia.types(pia.room.board, "Right", "Down", "Down", "space")
    oda.waits_for(headline="Your turn", board="X.......O")
    oda.types(oda.room.board, "Left", "Left", "Return")
    assert oda.room.model.command.pending is None, "a taken cell is not even sent"
    pia.types(pia.room.board, "i")
    assert pia.window.shell.clipboard_get().endswith(f"--room {pia.room.model.id}")


def test_a_preview_is_shown_only_where_one_may_play(desk: Desk, shared_cluster: ClusterControl) -> None:
    quin, rex = two_in_a_room(desk, shared_cluster, "quin", "rex")
    for person, ghosts in ((quin, 1), (rex, 0)):
        person.points_at(0)
        assert len(person.room.board.find_withtag("ghost")) == ghosts
    quin.clicks(0)
    rex.waits_for(headline="Your turn")
    rex.points_at(0)
    assert not rex.room.board.find_withtag("ghost"), "the cell is taken"
    rex.points_at(1)
    assert rex.room.board.find_withtag("ghost")


@pytest.mark.parametrize(("width", "height", "in_a_row"), [(5, 4, 4), (10, 10, 5)])
def test_larger_boards(desk: Desk, shared_cluster: ClusterControl, width: int, height: int, in_a_row: int) -> None:
    size = f"{width} by {height}"
    sam = desk.sit_down(shared_cluster.name_server, f"sam {width}")
    panel = sam.opens_new_room(size)
    for variable, value in ((panel.width, width), (panel.height, height), (panel.in_a_row, in_a_row)):
        variable.set(str(value))
    panel.open.invoke()
    tom: Person = desk.sit_down(shared_cluster.name_server, f"tom {width}", room=sam.room.model.id)
    sam.waits_for(headline="Your turn")
    tom.waits_for(headline=f"sam {width} is to move")
    for number in range(in_a_row):
        sam.plays(number)
        if number < in_a_row - 1:
            tom.plays(width + number)
    sam.waits_for(headline="You won!")
    scene = sam.room.model.scene()
    assert scene is not None
    assert scene.lines == ((0, in_a_row - 1),)
