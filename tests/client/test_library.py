"""The client library against a real cluster: what its docstrings promise."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import client.connection
from client import Cluster as Connection
from client import RoomClient, connect
from client.bot import Bot
from client.credentials import Credentials
from game.bots.strategy import LEVELS
from game.errors import NameTaken, RoomFull, WrongCode
from game.rooms.events import Event, Moved
from server.control.cluster import ClusterControl
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import Game, new_names, whole_and_empty
from wire import COMMUNICATION, MAIN, NAME_SERVER


@pytest.fixture
def cluster(lasting_cluster: ClusterControl) -> ClusterControl:
    """A cluster that is whole, with names of other tests but without rooms."""
    return whole_and_empty(lasting_cluster)


@pytest.fixture
def connection(cluster: ClusterControl) -> Iterator[Connection]:
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        yield connection


@pytest.fixture
def game(connection: Connection) -> Iterator[Game]:
    """A game of two people that no other test has."""
    with closing(Game(connection, new_names("ada", "bob"))) as game:
        yield game


def test_name_servers_are_tried_in_turn(cluster: ClusterControl) -> None:
    with connect(["127.0.0.1:1", cluster.name_server]) as connection:
        assert connection.rooms() == []


def test_a_name_is_remembered_on_this_machine(cluster: ClusterControl, tmp_path: Path) -> None:
    credentials = Credentials(tmp_path / "tokens.json")
    for _ in range(2):
        with connect(cluster.name_server, credentials=credentials) as connection:
            assert connection.claim("remembered", remember=True).name == "remembered"
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as other, pytest.raises(NameTaken):
        other.claim("remembered")


def test_news_bring_what_happened_and_the_view_it_led_to(game: Game) -> None:
    news = game.o.watch()
    first = next(news)
    assert (first.events, first.view.phase) == ((), "playing")
    game.x.move(4)
    second = next(news)
    assert [event.kind for _, event in second.events] == ["moved"]
    assert second.view.board["cells"] == "....X...."
    assert second.view.turn == "O"


def test_all_events_come_however_many_there_are(game: Game) -> None:
    for _ in range(60):
        game.play(0, 3, 1, 4, 2)
        game.x.rematch()
        game.o.rematch()
    version = game.x.view().version
    assert version > 500
    first = next(game.x.watch(0))
    assert [number for number, _ in first.events] == list(range(1, version + 1))
    assert not first.gap


def test_news_end_when_the_room_is_closed(connection: Connection) -> None:
    game = Game(connection, ("opens", "watches"))
    game.close()
    assert [news.view.phase for news in game.o.watch(0)] == ["closed"]


def test_the_list_of_rooms_changes_by_itself(cluster: ClusterControl, connection: Connection) -> None:
    lists = connection.watch_rooms()
    assert next(lists) == {}
    room = connection.claim("lister").create("mine", width=5, height=4, in_a_row=4)
    rooms = next(lists)
    assert rooms.keys() == {room.id}
    assert rooms[room.id].options == {"width": 5, "height": 4, "in_a_row": 4}
    cluster.kill(COMMUNICATION)
    room.join()
    while next(lists)[room.id].players["X"] != "lister":
        pass
    room.close()
    while room.id in next(lists):
        pass
    assert room.id in rooms, "a list that was yielded does not change"


def test_more_rooms_than_one_answer_carries_are_all_there(connection: Connection) -> None:
    people = [connection.claim(name) for name in ("ann", "ben", "eve")]
    rooms = [people[number % len(people)].create() for number in range(230)]
    made = {room.id for room in rooms}
    wait_until(lambda: {row.room for row in connection.rooms()} == made)
    assert set(next(connection.watch_rooms())) == made
    for room in rooms:
        room.close()
        room.disconnect()


def test_the_front_door_can_move_elsewhere(cluster: ClusterControl, connection: Connection) -> None:
    cluster.kill(NAME_SERVER)
    cluster.kill(COMMUNICATION)
    assert connection.claim("late").name == "late"


def test_a_takeover_is_hardly_noticed_while_the_front_door_is_away(
    cluster: ClusterControl, game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.connection, "LOOK_AGAIN_S", 0.0)  # as after a while without an answer
    with socket.socket() as in_its_place:
        in_its_place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        cluster.kill(COMMUNICATION)
        wait_until(lambda: is_taken(in_its_place, cluster.settings.communication_port))
        cluster.kill(MAIN)
        game.play(0)  # had it waited for an answer from there, its time would be up


def is_taken(listener: socket.socket, port: int) -> bool:
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        return False
    listener.listen()
    return True


def test_a_quiet_watcher_hears_of_a_break_and_that_it_is_over(cluster: ClusterControl, game: Game) -> None:
    told: list[bool] = []
    news = game.o.watch(on_link=told.append)
    next(news)
    waiter = threading.Thread(target=lambda: next(news))
    waiter.start()
    cluster.kill(MAIN)
    wait_until(lambda: told == [True, False, True], what="back before anything happens in the room")
    game.x.move(4)
    waiter.join(PATIENCE_S)
    assert not waiter.is_alive()


def test_bots_play_their_games_and_perfect_never_loses(connection: Connection) -> None:
    first, second = connection.claim("bot one"), connection.claim("bot two")
    room = first.create()
    bots = [
        Bot(room, LEVELS["perfect"], random.Random(1)),
        Bot(second.room(room.id), LEVELS["random"], random.Random(2)),
    ]
    results = {}
    threads = [
        threading.Thread(target=lambda bot=bot, n=n: results.update({n: bot.run(10)})) for n, bot in enumerate(bots)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert (results[0].games, results[1].games) == (10, 10)
    assert results[0].lost == 0
    assert results[0].moves + results[1].moves == sum(isinstance(event, Moved) for event in all_events(room))
    assert (results[0].won, results[0].drawn) == (results[1].lost, results[1].drawn)
    room.close()


def all_events(room: RoomClient) -> list[Event]:
    return [event for _, event in next(room.watch(0)).events]


def test_a_bot_that_comes_back_does_not_count_the_games_that_were_over(game: Game) -> None:
    game.x.resign()
    results = {}
    bots = [Bot(room, LEVELS["random"], random.Random(1)) for room in (game.x, game.o)]
    threads = [
        threading.Thread(target=lambda bot=bot, n=n: results.update({n: bot.run(1)})) for n, bot in enumerate(bots)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert [results[n].games for n in range(2)] == [1, 1]
    assert results[0].moves + results[1].moves >= 5


def test_a_bot_without_a_seat_says_so(connection: Connection, game: Game) -> None:
    with pytest.raises(RoomFull):
        Bot(connection.claim("third").room(game.x.id), LEVELS["random"], random.Random(1)).run(1)
    assert game.x.view().spectator_count == 0


def test_a_name_that_was_recovered_is_remembered_with_its_new_token(cluster: ClusterControl, tmp_path: Path) -> None:
    here, there = Credentials(tmp_path / "here.json"), Credentials(tmp_path / "there.json")
    with connect(cluster.name_server, credentials=here) as connection:
        code = connection.claim("Rosalind", remember=True).keep()
        with connect(cluster.name_server, credentials=there) as elsewhere:
            moved = elsewhere.recover("rosalind", code, remember=True)
            assert elsewhere.claim("ROSALIND", remember=True).token == moved.token
            assert there.names(elsewhere.server) == ["Rosalind"]
        with pytest.raises(NameTaken):
            connection.claim("Rosalind", remember=True)
        again = connection.recover("Rosalind", code, remember=True)
        assert here.token_for(connection.server, "rosalind") == again.token
        with pytest.raises(WrongCode):
            connection.recover("Rosalind", "0" * 20, remember=True)
        assert connection.claim("Rosalind", remember=True).token == again.token, "what failed changes nothing here"
