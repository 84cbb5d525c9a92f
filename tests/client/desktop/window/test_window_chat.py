"""Beside the board: clocks, offers, talk, the door of a private room; between real windows on a real cluster."""

from __future__ import annotations

from client.desktop.model.lobby.new_room import NewRoom
from client.desktop.window.app import SMALLEST
from server.control.cluster import ClusterControl
from tests.client.desktop.window.test_window import assert_fits
from tests.client.desktop.window.windows import Desk, Person, play, two_in_a_room


def in_room(desk: Desk, cluster: ClusterControl, wanted: NewRoom, *names: str) -> tuple[Person, Person]:
    """Two in a room like that; the second comes by the invitation in the first one's clipboard."""
    first, second = (desk.sit_down(cluster.name_server, name) for name in names)
    first.lobby.act(lambda: first.lobby.model.create(wanted))
    first.waits_for(headline="Waiting for an opponent")
    desk.wait(lambda: first.room.model.access.is_known)
    first.types(first.room.board, "i")
    lobby = second.lobby
    if wanted.private:
        lobby.search.insert(0, first.window.shell.clipboard_get())
        second.types(lobby.search, "Return")
    else:
        lobby.model.enter(first.room.model.id)
    first.waits_for(headline="Your turn")
    second.waits_for(headline=f"{names[0]} is to move")
    return first, second


def test_clocks_run_beside_the_names_and_nothing_is_drawn_while_none_runs(
    desk: Desk, shared_cluster: ClusterControl
) -> None:
    ada, bob = in_room(desk, shared_cluster, NewRoom("timed", clock="1+1"), "ada w", "bob w")
    assert ada.room.players.clocks["O"].cget("text") == "1:00"
    desk.wait(lambda: "0:01" < ada.room.players.clocks["X"].cget("text") <= "0:58", "the clock of who is to move runs")
    assert bob.room.ticker.timer
    assert bob.room.players.clocks["O"].cget("text") == "1:00"
    ada.plays(0)
    bob.waits_for(headline="Your turn")
    ada.room.act(ada.room.model.keep_playing)
    bob.resigns()
    ada.waits_for(headline="You won — bob w resigned")
    desk.wait(lambda: not ada.room.ticker.timer and not bob.room.ticker.timer, "no clock runs, nothing is drawn")


def test_who_runs_out_of_time_has_lost(desk: Desk, shared_cluster: ClusterControl) -> None:
    cid, dot = in_room(desk, shared_cluster, NewRoom("fast", clock="6s"), "cid w", "dot w")
    cid.waits_for(headline="Your time is up")
    dot.waits_for(headline="You won — cid w’s time is up")


def test_a_draw_is_offered_declined_and_agreed(desk: Desk, shared_cluster: ClusterControl) -> None:
    eve, fay = two_in_a_room(desk, shared_cluster, "eve w", "fay w")
    actions = eve.room.actions
    actions.fill_offers()
    labels = [actions.offers.entrycget(number, "label") for number in range(actions.offers.index("end") + 1)]
    assert labels == ["Offer a draw", "Ask to abort the game"]
    actions.offers.invoke(0)
    desk.wait(lambda: fay.bars == "eve w offers a draw")
    desk.wait(lambda: eve.bars == "You offer a draw")
    assert [reply.text for reply in fay.room.bars.replies] == ["Accept", "Decline"]
    fay.types(fay.room.board, "n")
    desk.wait(lambda: eve.bars == "fay w declined the draw", "whoever made the offer reads that")
    desk.wait(lambda: not fay.room.bars.winfo_manager(), "the bar is gone")
    play((0,), eve, fay)
    assert not eve.room.bars.winfo_manager(), "until one does something else"
    fay.room.actions.fill_offers()
    fay.room.actions.offers.invoke(0)
    desk.wait(lambda: eve.bars == "fay w offers a draw")
    eve.types(eve.room.board, "y")
    for person in (eve, fay):
        person.waits_for(headline="Draw by agreement")


def test_a_move_is_taken_back_and_a_game_aborted(desk: Desk, shared_cluster: ClusterControl) -> None:
    gil, hob = two_in_a_room(desk, shared_cluster, "gil w", "hob w")
    play((4,), gil, hob)
    gil.room.act(lambda: gil.room.model.offer("takeback"))
    desk.wait(lambda: hob.bars == "gil w asks for a takeback")
    hob.types(hob.room.board, "y")
    for person in (gil, hob):
        person.waits_for(board=".........")
    gil.waits_for(headline="Your turn")
    hob.settles()
    hob.room.act(lambda: hob.room.model.offer("abort"))
    desk.wait(lambda: gil.bars == "hob w asks to abort the game")
    gil.settles()
    gil.types(gil.room.board, "y")
    hob.waits_for(headline="Game aborted")


def test_talk_is_behind_a_tab_when_narrow_and_beside_the_board_when_wide(
    desk: Desk, shared_cluster: ClusterControl
) -> None:
    ida, joy = two_in_a_room(desk, shared_cluster, "ida w", "joy w")
    ida.window.shell.geometry(f"{SMALLEST[0]}x{SMALLEST[1]}")
    joy.window.shell.geometry("900x700")
    desk.wait(joy.room.chat.winfo_viewable)
    assert not ida.room.chat.winfo_viewable()
    assert joy.room.board.winfo_viewable()
    joy.types(joy.room.board, "t")
    joy.room.chat.entry.insert(0, "your turn, really")
    joy.types(joy.room.chat.entry, "r", "Return")
    desk.wait(lambda: ida.room.tab.cget("text") == "Chat (1)")
    assert not joy.room.model.command.confirming_resign, "who writes an r does not resign"
    assert joy.room.chat.entry.get() == ""
    ida.types(ida.room.board, "t")
    desk.wait(ida.room.chat.winfo_viewable)
    assert not ida.room.board.winfo_viewable()
    assert "joy w  your turn, really" in ida.chat
    assert ida.room.tab.cget("text") == "Board"
    assert_fits(ida)
    ida.types(ida.room.chat.entry, "Escape")
    desk.wait(ida.room.board.winfo_viewable)
    assert ida.room.tab.cget("text") == "Chat"


def test_who_is_muted_is_not_read(desk: Desk, shared_cluster: ClusterControl) -> None:
    kim, lee = two_in_a_room(desk, shared_cluster, "kim w", "lee w")
    lee.room.act(lambda: lee.room.model.chat.send("hello"))
    desk.wait(lambda: kim.chat == "lee w  hello")
    kim.room.chat.fill_menu()
    assert kim.room.chat.menu.entrycget(1, "label").strip() == "Mute lee w"
    kim.room.chat.menu.invoke(1)
    assert kim.chat == ""
    kim.room.chat.fill_menu()
    kim.room.chat.menu.invoke(1)
    assert kim.chat == "lee w  hello"


def test_a_private_room_is_entered_by_invitation_locked_and_a_watcher_sent_away(
    desk: Desk, shared_cluster: ClusterControl
) -> None:
    mia, ned = in_room(desk, shared_cluster, NewRoom("secret", private=True), "mia w", "ned w")
    assert mia.room.access.owner.winfo_manager()
    assert not ned.room.access.owner.winfo_manager(), "it is not ned's room"
    assert ned.room.access.invite.cget("text") == "Invite (private)"
    invitation = mia.room.model.access.invitation
    oda = desk.sit_down(shared_cluster.name_server, "oda w", room=invitation)
    oda.waits_for(headline="mia w is to move")
    assert mia.room.model.id not in oda.window.model.lobby.rooms  # type: ignore[operator, union-attr]
    desk.wait(lambda: mia.room.spectators.cget("text") == "1 spectator: oda w")
    menu = mia.room.access.menu
    mia.room.access.fill_menu()
    assert [menu.entrycget(number, "label") for number in (0, 1)] == ["Lock for spectators", "Remove oda w"]
    menu.invoke(1)
    desk.wait(lambda: mia.room.spectators.cget("text") == "No spectators")
    desk.wait(lambda: mia.room.model.command.pending is None)
    mia.room.access.fill_menu()
    menu.invoke(0)
    desk.wait(lambda: mia.room.model.view is not None and mia.room.model.view.locked)
    pia = desk.sit_down(shared_cluster.name_server, "pia w", room=invitation)
    desk.wait(lambda: pia.lobby.model.message == "The room is locked: it takes no new spectators.")
    stranger = desk.sit_down(shared_cluster.name_server, "sam w", room=mia.room.model.id)
    desk.wait(lambda: stranger.lobby.model.message == "The room is private: join it with its invite code.")
    said = stranger.lobby.message
    desk.wait(lambda: int(str(said.cget("wraplength"))) == said.winfo_width() > 1)
    desk.wait(lambda: said.winfo_height() >= said.winfo_reqheight(), "the sentence to be read to its end")
