"""A room's model against a real cluster: what can be done when, and what is said when it cannot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import client.desktop.model.lobby.sign_in
from client.desktop.model.lobby.new_room import NewRoom
from server.control.cluster import ClusterControl
from tests.client.desktop.model.seat import Seat, SitDown
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import HANG_S
from verify.testbed.local_cluster import sandbox_cluster
from wire import MAIN


@pytest.fixture(scope="module")
def own() -> Iterator[ClusterControl]:
    """A cluster that only these tests have, where the game of who stays away is claimed at once."""
    with sandbox_cluster(hang_s=HANG_S, claim_after_s=0.2) as cluster:
        yield cluster


@pytest.fixture
def mortal(shared_cluster: ClusterControl) -> Iterator[ClusterControl]:
    """The cluster that all tests share, for a test that kills its servers: whole before and after."""
    wait_until(shared_cluster.is_whole)
    yield shared_cluster
    wait_until(shared_cluster.is_whole)


def two_playing(sit_down: SitDown, cluster: ClusterControl, *names: str) -> tuple[Seat, Seat]:
    first, second = (sit_down(cluster.name_server, name) for name in names)
    room = first.creates(f"{names[0]} plays")
    second.enters(room.id)
    first.wait(lambda: room.my_turn)
    return first, second


def test_a_declined_offer_is_said_to_whoever_made_it_until_they_do_something_else(
    sit_down: SitDown, shared_cluster: ClusterControl
) -> None:
    gil, hux = two_playing(sit_down, shared_cluster, "gil m", "hux m")
    gil.room.offer("draw")
    hux.wait(hux.room.bars)
    hux.room.reply(hux.room.bars()[0].replies[1])
    gil.wait(lambda: [bar.text for bar in gil.room.bars()] == ["hux m declined the draw"])
    hux.wait(lambda: not hux.room.bars())
    gil.plays(0)
    assert not gil.room.bars()


def test_what_may_not_be_played_is_not_even_sent(sit_down: SitDown, shared_cluster: ClusterControl) -> None:
    ann, ben = two_playing(sit_down, shared_cluster, "ann m", "ben m")
    ben.room.play(0)
    assert ben.room.command.pending is None, "it is not ben's turn"
    ann.plays(4)
    ann.room.play(0)
    assert ann.room.command.pending is None, "nor ann's any more"
    ben.wait(lambda: ben.room.my_turn)
    assert not ben.room.can_play(4), "taken"
    ben.room.play(4)
    assert ben.room.command.pending is None


def test_one_command_at_a_time(sit_down: SitDown, shared_cluster: ClusterControl) -> None:
    ann, ben = two_playing(sit_down, shared_cluster, "cai m", "dot m")
    ann.room.play(0)
    ann.room.play(1)
    ann.wait(lambda: ann.room.command.pending is None)
    ben.wait(lambda: ben.room.my_turn)
    view = ann.room.view
    assert view is not None
    assert view.board["cells"] == "X........"


def test_looking_back_ends_when_the_game_goes_on(sit_down: SitDown, shared_cluster: ClusterControl) -> None:
    ann, ben = two_playing(sit_down, shared_cluster, "eve m", "fox m")
    ann.plays(0)
    ben.plays(1)
    ann.wait(lambda: ann.room.steps.count == 2)
    ann.room.steps.go(-1)
    assert ann.room.steps.looks_back
    assert not ann.room.can_play(5), "one plays in the present"
    ann.room.steps.go(-10)
    assert ann.room.steps.shown == 0
    ann.room.steps.go(10)
    assert not ann.room.steps.looks_back
    ben.room.steps.go(-1)
    ann.plays(2)
    ben.wait(lambda: ben.room.steps.count == 3)
    assert not ben.room.steps.looks_back


def test_resigning_wants_to_be_said_twice_and_a_move_takes_the_question_back(
    sit_down: SitDown, shared_cluster: ClusterControl
) -> None:
    ann, ben = two_playing(sit_down, shared_cluster, "gus m", "hal m")
    ann.room.resign()
    assert ann.room.command.confirming_resign
    ann.plays(0)
    assert not ann.room.command.confirming_resign
    ben.resigns()
    ann.wait(lambda: ann.room.view is not None and ann.room.view.phase == "finished")
    assert ann.room.view is not None
    assert ann.room.view.winner == "gus m"


def test_who_moves_and_who_leaves_after_a_game_while_all_servers_are_away_has_done_so_once_they_are_back(
    sit_down: SitDown, own: ClusterControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, ben = two_playing(sit_down, own, "ann", "ben")
    monkeypatch.setattr(
        client.desktop.model.lobby.sign_in, "DEADLINE_S", 0.2
    )  # every call gives up long before the servers are back
    abe, bea = two_playing(sit_down, own, "abe", "bea")
    room = abe.room.id
    abe.resigns()
    for seat in (abe, bea):
        seat.wait(lambda seat=seat: seat.room.view.phase == "finished")  # type: ignore[misc]

    own.stop(timeout_s=PATIENCE_S)
    ann.room.play(8)
    abe.model.leave_room()
    for seat in (ann, bea):
        seat.wait(lambda seat=seat: seat.model.banner() is not None)  # type: ignore[misc]
    scene = ann.room.scene()
    assert scene is not None
    assert (scene.marks, scene.pending) == ("........X", 8), "shown, and pending"
    own.start(timeout_s=PATIENCE_S)

    ben.wait(lambda: ben.room.my_turn)
    ann.wait(lambda: ann.room.command.pending is None)
    ann.wait(lambda: (banner := ann.model.banner()) is not None and banner.kind == "back")
    bea.wait(lambda: not present(bea, "X"))
    abe.enters(room)
    bea.wait(lambda: present(bea, "X"))


def test_who_leaves_after_a_game_while_main_is_away_and_comes_back_meanwhile_is_there(
    sit_down: SitDown, own: ClusterControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        client.desktop.model.lobby.sign_in, "DEADLINE_S", 0.2
    )  # every call gives up long before main is back
    cid, dee = two_playing(sit_down, own, "cid", "dee")
    room = cid.room.id
    cid.resigns()
    for seat in (cid, dee):
        seat.wait(lambda seat=seat: seat.room.view.phase == "finished")  # type: ignore[misc]
    own.kill(MAIN)
    cid.model.leave_room()
    cid.enters(room)
    for seat in (cid, dee):
        seat.wait(lambda seat=seat: seat.room.command.pending is None)  # type: ignore[misc]
        seat.room.rematch()
    cid.wait(lambda: cid.room.view is not None and cid.room.view.game_number == 2)
    dee.wait(lambda: dee.room.my_turn and present(dee, "O"))
    wait_until(own.is_whole)


def test_who_leaves_while_a_command_is_under_way_is_out_at_once_and_the_move_counts(
    sit_down: SitDown, shared_cluster: ClusterControl
) -> None:
    ann, ben = two_playing(sit_down, shared_cluster, "ike m", "joy m")
    room = ann.room
    room.play(0)
    room.leave()
    assert ann.model.shown is ann.model.lobby
    ben.wait(lambda: ben.room.my_turn)
    again = ann.enters(room.id)
    ann.wait(lambda: again.view is not None and again.view.board["cells"] == "X........")
    assert again.seat == "X"


def test_who_looks_at_the_lobby_while_the_servers_are_away_is_there_when_they_are_back(
    sit_down: SitDown, mortal: ClusterControl
) -> None:
    ann, ben = two_playing(sit_down, mortal, "ned m", "oda m")
    room = ann.room.id
    mortal.kill(MAIN)
    ann.model.leave_room()
    ann.wait(lambda: [game.my_turn for game in ann.lobby.games.all()] == [True])
    assert present(ben, "X")
    ann.enters(room)
    ann.plays(0)
    ben.wait(lambda: ben.room.my_turn and present(ben, "X"))


def present(seat: Seat, whose: str) -> bool:
    """Whether somebody sees the owner of a seat in the room."""
    view = seat.room.view
    owner = None if view is None else view.seats[whose]
    return owner is not None and owner.present


def test_a_room_that_is_gone_says_so_in_the_lobby(sit_down: SitDown, shared_cluster: ClusterControl) -> None:
    ann = sit_down(shared_cluster.name_server, "kit m", room="nosuchroom")
    ann.wait(lambda: ann.model.lobby is not None and ann.model.lobby.message)
    assert ann.lobby.message == "There is no such room (any more)."
    assert ann.model.shown is ann.model.lobby
    assert ann.lobby.doing == ""


def test_the_game_of_who_stays_away_is_claimed(sit_down: SitDown, own: ClusterControl) -> None:
    ann, ben = two_playing(sit_down, own, "amy", "bud")
    ben.model.close()
    ann.wait(lambda: [reply.text for bar in ann.room.bars() for reply in bar.replies], "the bar")
    (bar,) = ann.room.bars()
    assert bar.text == "bud is away: you can claim the game"
    ann.room.reply(bar.replies[0])
    ann.wait(lambda: ann.room.view is not None and ann.room.view.phase == "finished")
    assert ann.room.view is not None
    assert ann.room.view.winner == "amy"
    assert ann.room.bars() == ()


def test_a_private_room_that_one_left_is_found_again_though_it_is_in_no_list(
    sit_down: SitDown, shared_cluster: ClusterControl
) -> None:
    lea, max_ = (sit_down(shared_cluster.name_server, name) for name in ("lea m", "max m"))
    lea.lobby.create(NewRoom("secret", private=True))
    room = lea.room
    lea.wait(lambda: room.access.is_known)
    max_.enters(room.access.invitation)
    lea.wait(lambda: room.my_turn)
    lea.plays(0)
    for seat in (lea, max_):
        seat.model.leave_room()
        seat.wait(lambda seat=seat: [game.row.room for game in seat.lobby.games.all()] == [room.id])  # type: ignore[misc]
    assert room.id not in (max_.lobby.rooms or {})
    max_.wait(lambda: max_.lobby.games.all()[0].text == "Your turn, against lea m")
    max_.enters(room.id)
    assert max_.room.my_turn, "the seat is the invitation"
    max_.resigns()
    lea.wait(lambda: lea.lobby.games.all()[0].text == "Finished, against max m")
    lea.enters(room.id)
    lea.room.close()
    lea.wait(lambda: lea.model.shown is lea.model.lobby)
    for seat in (lea, max_):
        seat.wait(lambda seat=seat: seat.lobby.games.all() == [])  # type: ignore[misc]
