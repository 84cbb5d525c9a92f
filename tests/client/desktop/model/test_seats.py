"""A window that is open is there for its games, whatever it shows; one that is closed or has crashed is not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from client import Cluster as Connection
from client import connect
from client.desktop.model.app import AppModel
from client.desktop.model.lobby.open_games import FOLLOWED
from client.room import RoomClient
from game.errors import NotAllowed
from game.rooms.events import Left
from server.control.cluster import ClusterControl
from tests.client.desktop.model.seat import Seat, SitDown
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import MakeCluster

AWAY_S = 5.0


@pytest.fixture
def cluster(make_cluster: MakeCluster) -> ClusterControl:
    """People are taken for gone soon."""
    cluster = make_cluster(away_s=AWAY_S, max_wait_s=0.5, claim_after_s=0.1)
    cluster.start()
    return cluster


@pytest.fixture
def connection(cluster: ClusterControl) -> Iterator[Connection]:
    with connect(cluster.name_server) as connection:
        yield connection


def present(room: RoomClient, name: str) -> bool:
    """Whether that player is in the room, which is seen, too."""
    view = room.view()
    seat = view.seat_of(name)
    owner = None if seat is None else view.seats[seat]
    assert owner is not None
    return owner.present


def in_a_game(sit_down: SitDown, cluster: ClusterControl, hal: RoomClient, name: str) -> Seat:
    """A window in the room where hal waits."""
    hal.join()
    seat = sit_down(cluster.name_server, name)
    room = seat.enters(hal.id)
    seat.wait(lambda: room.view is not None and room.view.phase == "playing")
    return seat


def ever_left(room: RoomClient, name: str) -> bool:
    """Whether the room's history has that player leave."""
    news = next(room.watch(0))
    return any(isinstance(event, Left) and event.by == name for _, event in news.events)


def test_looking_at_the_lobby_makes_nobody_away(
    sit_down: SitDown, cluster: ClusterControl, connection: Connection
) -> None:
    hal = connection.claim("hal").create()
    ivy = in_a_game(sit_down, cluster, hal, "ivy")
    assert ivy.model.user is not None
    rooms = [hal, *(ivy.model.user.player.create() for _ in range(FOLLOWED + 1))]
    for room in rooms[1:]:
        room.join()
    ivy.model.leave_room()
    assert ivy.model.shown is ivy.model.lobby
    ivy.wait(lambda: len(ivy.lobby.games.all()) == len(rooms), "more games than are followed")
    seen = connection.claim("joe")
    gone = connection.claim("gus").create()
    gone.join()  # and is not heard of again
    ivy.wait(lambda: hal.view() and not present(seen.room(gone.id), "gus"), "those who are gone count as away by now")
    assert not any(ever_left(room, "ivy") for room in rooms)
    with pytest.raises(NotAllowed, match="your opponent is here"):
        hal.claim_game("win")


def test_a_window_that_crashed_is_away_and_is_there_again_once_it_is_open_again(
    sit_down: SitDown, cluster: ClusterControl, connection: Connection
) -> None:
    hal = connection.claim("hal").create()
    ivy = in_a_game(sit_down, cluster, hal, "ivy")
    ivy.model.leave_room()
    ivy.wait(ivy.lobby.games.all)
    ivy.model.background.close()  # nothing is sent any more, and nobody says good-bye
    wait_until(lambda: not present(hal, "ivy"))
    again = sit_down(cluster.name_server, "ivy")
    again.wait(lambda: present(hal, "ivy"), "it need not go in for that")
    assert again.model.shown is again.model.lobby


@pytest.mark.parametrize("end", [AppModel.close, AppModel.sign_out])
def test_a_window_that_is_closed_or_signs_out_says_good_bye_in_all_its_games(
    sit_down: SitDown, cluster: ClusterControl, connection: Connection, end: Callable[[AppModel], None]
) -> None:
    first, second = (connection.claim(opponent).create() for opponent in ("hal", "joe"))
    kim = in_a_game(sit_down, cluster, first, "kim")
    kim.model.leave_room()
    second.join()
    kim.enters(second.id)
    version = first.view().version
    end(kim.model)
    for room in (first, second):
        wait_until(lambda room=room: not present(room, "kim"))  # type: ignore[misc]
    news = next(first.watch(version))
    (left,) = [event for _, event in news.events if isinstance(event, Left)]
    assert left.unseen_ms == 0, "the servers did not have to find that out"


def test_a_visit_that_is_under_way_does_not_undo_the_good_bye(
    sit_down: SitDown, cluster: ClusterControl, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    hal = connection.claim("hal").create()
    ivy = in_a_game(sit_down, cluster, hal, "ivy")
    assert ivy.model.user is not None
    player = ivy.model.user.player
    visits, go_on, room_of = threading.Event(), threading.Event(), player.room

    def slow_at_first(room: str) -> RoomClient:
        if not visits.is_set():
            visits.set()
            assert go_on.wait(PATIENCE_S)
        return room_of(room)

    monkeypatch.setattr(player, "room", slow_at_first)
    ivy.model.leave_room()
    assert visits.wait(PATIENCE_S)
    seats = ivy.lobby.games.seats
    staying, leaving = seats._task, seats.leave()
    leaving.done.wait(1.0)  # time in which it must not say good-bye
    go_on.set()
    assert leaving.done.wait(PATIENCE_S)
    assert staying.done.wait(PATIENCE_S)
    assert not present(connection.claim("joe").room(hal.id), "ivy")


def test_a_game_that_ends_meanwhile_is_left(sit_down: SitDown, cluster: ClusterControl, connection: Connection) -> None:
    hal = connection.claim("hal").create()
    ivy = in_a_game(sit_down, cluster, hal, "ivy")
    ivy.model.leave_room()
    hal.resign()
    ivy.wait(lambda: not present(hal, "ivy"))
