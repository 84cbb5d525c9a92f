"""What the windows show when servers die in the middle of a game: a short banner at most, and nothing is lost."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator

import pytest

from server.control.cluster import ClusterControl
from tests.client.desktop.window.windows import Desk, drawn, two_in_a_room
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import whole
from tictactoe import OwnServers
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION


@pytest.fixture
def own(lasting_cluster: ClusterControl) -> ClusterControl:
    """A cluster that only these tests have, whole, since they stop it."""
    return whole(lasting_cluster)


@pytest.fixture
def mortal(shared_cluster: ClusterControl) -> Iterator[ClusterControl]:
    """The cluster that all tests share, for a test that ends servers of it: whole before and after."""
    wait_until(shared_cluster.is_whole)
    yield shared_cluster
    wait_until(shared_cluster.is_whole)


def test_a_game_goes_on_while_main_communication_replication_and_the_name_server_die(
    desk: Desk, shared_cluster: ClusterControl
) -> None:
    ann, ben = two_in_a_room(desk, shared_cluster, "ann", "ben")
    cells = iter((4, 0, 2, 6, 3, 5, 1, 7, 8))
    board = ["."] * 9
    for role, (mover, mark) in zip(
        (MAIN, COMMUNICATION, REPLICATION, NAME_SERVER), itertools.cycle(((ann, "X"), (ben, "O")))
    ):
        mover.waits_for(headline="Your turn")
        shared_cluster.kill(role)
        cell = next(cells)
        board[cell] = mark
        mover.clicks(cell)
        assert drawn(mover.room.board) == "".join(board), "one's own mark is there at once"
        for person in (ann, ben):
            person.waits_for(board="".join(board))
        desk.wait(shared_cluster.is_whole, f"{role} runs again")
    for mover in (ann, ben, ann, ben, ann):
        mover.plays(next(cells))
    for person in (ann, ben):
        person.waits_for(headline="Draw")
        moves = person.room.model.view
        assert moves is not None
        assert [move for _, move in moves.moves] == [4, 0, 2, 6, 3, 5, 1, 7, 8], "each once, in this order"


def test_a_move_and_a_room_made_while_all_servers_are_away_are_there_once_they_are_back(
    desk: Desk, own: ClusterControl
) -> None:
    cat, dan = two_in_a_room(desk, own, "cat", "dan")
    ira = desk.sit_down(own.name_server, "ira")
    desk.wait(lambda: ira.lobby.model.rooms is not None)
    own.stop(timeout_s=PATIENCE_S)
    cat.clicks(4)
    for person in (cat, dan, ira):
        person.waits_for(banner="Connection lost — reconnecting")
    ira.opens_new_room("made while all were away").open.invoke()
    cat.waits_for(board="....X....")
    dan.waits_for(board=".........", headline="cat is to move")
    assert cat.room.model.command.pending is not None
    own.start(timeout_s=PATIENCE_S)
    dan.waits_for(headline="Your turn", board="....X....")
    cat.waits_for(headline="dan is to move", board="....X....", banner="Reconnected after")
    dan.waits_for(banner="Reconnected after")
    desk.wait(lambda: cat.banner == dan.banner == "", "the banner goes")
    assert cat.room.model.view is not None
    assert [move for _, move in cat.room.model.view.moves] == [4]
    ira.waits_for(headline="Waiting for an opponent")
    assert ira.room.model.view is not None
    assert ira.room.model.view.title == "made while all were away"


def test_a_move_made_meanwhile_that_cannot_be_played_is_said_to_be_refused(desk: Desk, mortal: ClusterControl) -> None:
    eli, fox = two_in_a_room(desk, mortal, "elias", "foxy")
    eli_elsewhere = desk.sit_down(mortal.name_server, "elias", room=eli.room.model.id)
    eli_elsewhere.waits_for(headline="Your turn")
    main = mortal.process_of(MAIN)
    assert main is not None
    os.kill(main.pid, signal.SIGSTOP)
    eli.clicks(0)
    eli_elsewhere.clicks(0)
    for person in (eli, eli_elsewhere):
        person.waits_for(board="X........")
    fox.waits_for(headline="Your turn", board="X........")
    desk.wait(lambda: not any(person.room.model.command.pending for person in (eli, eli_elsewhere)))
    notices = sorted(str(person.room.notice.cget("text")) for person in (eli, eli_elsewhere))
    assert notices[0] == ""
    assert notices[1].startswith("Not possible: ")


@pytest.mark.parametrize("role", [COMMUNICATION, NAME_SERVER])
def test_who_plays_does_not_hear_of_the_front_door_or_the_name_server(
    desk: Desk, shared_cluster: ClusterControl, role: str
) -> None:
    names = [f"{name} {role[:4]}" for name in ("gil", "hux")]
    gil, hux = two_in_a_room(desk, shared_cluster, *names)
    desk.wait(lambda: gil.banner == "", "nothing is said of an answer that was slow")
    shared_cluster.kill(role)
    desk.wait(shared_cluster.is_whole)
    assert gil.banner == ""
    gil.clicks(0)
    hux.waits_for(headline="Your turn")


def test_once_all_four_are_dead_the_banner_offers_to_start_them_where_they_ran(desk: Desk, own: ClusterControl) -> None:
    jan = desk.sit_down(own.name_server, "jan", own=lambda: OwnServers(own.settings))
    elsewhere = desk.sit_down(own.name_server, "kay")
    jan.opens_new_room("jan's").open.invoke()
    jan.waits_for(headline="Waiting for an opponent")
    assert elsewhere.lobby.model.me == "kay"
    desk.wait(lambda: jan.window.model.restart and jan.window.model.restart._control, "it has seen where they run")
    kill_all(own)
    button = jan.window.banner.button
    jan.waits_for(banner="No server is running")
    desk.wait(button.winfo_viewable)
    elsewhere.waits_for(banner="Connection lost — reconnecting")
    assert not elsewhere.window.banner.button.winfo_viewable(), "they did not run there"
    button.invoke()
    jan.waits_for(banner="Starting the servers")
    for person in (jan, elsewhere):
        person.waits_for(banner="Reconnected after")
    desk.wait(own.is_whole)
    jan.waits_for(headline="Waiting for an opponent")


def kill_all(cluster: ClusterControl) -> None:
    """End all four, so that none is left to start another."""
    runs = [cluster.process_of(role) for role in (REPLICATION, MAIN, COMMUNICATION, NAME_SERVER)]
    for run in runs:
        if run is not None:
            os.kill(run.pid, signal.SIGSTOP)  # first: none of them notices that another is gone
    for run in runs:
        if run is not None:
            os.kill(run.pid, signal.SIGKILL)
    wait_until(lambda: not any(run is not None and run.alive for run in runs))
