"""G7: a username belongs to the token it was first given; a seat is kept for its player; no one else sits or moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from client import Cluster as Connection
from client import connect
from client.connection import RetryPolicy
from client.credentials import new_token
from client.player import Player
from game.errors import BadToken, InvalidArgument, NameTaken, NotAPlayer, NotInRoom
from server.control.cluster import ClusterControl
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import Game, MakeCluster, new_names
from wire import COMMUNICATION, MAIN, REPLICATION


@pytest.fixture
def cluster(shared_cluster: ClusterControl) -> ClusterControl:
    """The cluster that tests share, once it is whole."""
    wait_until(shared_cluster.is_whole)
    return shared_cluster


@pytest.fixture
def game(connection: Connection) -> Iterator[Game]:
    """A game of two people that no other test has."""
    with closing(Game(connection, new_names("tess", "otto"))) as game:
        yield game


def test_g7_a_name_belongs_to_the_token_it_was_first_claimed_with(
    cluster: ClusterControl, connection: Connection
) -> None:
    ada = connection.claim("Lovelace")
    for thief in ("Lovelace", "lovelace", "LOVELACE", "\uff2covelace"):
        with pytest.raises(NameTaken):
            connection.claim(thief)
    assert connection.claim("Lovelace", token=ada.token).name == "Lovelace"
    for role in (MAIN, REPLICATION, COMMUNICATION):
        cluster.kill(role)
    cluster.start()
    with pytest.raises(NameTaken):
        connection.claim("Lovelace")
    wait_until(cluster.is_whole, what="others find it whole")


def test_g7_one_token_is_one_name(connection: Connection) -> None:
    first = connection.claim("first of two")
    with pytest.raises(InvalidArgument):
        connection.claim("second of two", token=first.token)


def test_g7_a_seat_is_kept_for_its_player_who_leaves(connection: Connection, game: Game) -> None:
    game.play(0, 3)
    assert game.x.leave().seat == "X"
    carol = connection.claim("carol sits").room(game.x.id)
    assert carol.join().seat is None
    view = game.o.view()
    assert view.seats["X"] is not None
    assert (view.seats["X"].name, view.seats["X"].present) == (game.ada.name, False)
    assert game.x.join().seat == "X"
    game.play(1, 4, 2)
    assert game.o.view().winner == game.ada.name


def test_g7_a_player_who_crashed_comes_back_by_username_from_elsewhere(cluster: ClusterControl, game: Game) -> None:
    game.play(0, 3)
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as elsewhere:
        again = elsewhere.claim(game.ada.name, token=game.ada.token).room(game.x.id)
        assert again.join().seat == "X"
        again.move(1)
    assert game.o.view().board["cells"] == "XX.O....."


def test_g7_nobody_else_can_move_for_a_player(connection: Connection, game: Game) -> None:
    carol = connection.claim("carol moves").room(game.x.id)
    with pytest.raises(NotInRoom):
        carol.move(0)
    carol.join("spectator")
    for command in (lambda: carol.move(0), carol.resign, carol.rematch):
        with pytest.raises(NotAPlayer):
            command()
    assert game.x.view().moves == ()


def test_g7_a_token_that_nobody_has_opens_nothing(connection: Connection, game: Game) -> None:
    nobody = Player(game.ada.name, new_token(), connection, RetryPolicy(5.0)).room(game.x.id)
    for command in (nobody.join, nobody.leave, nobody.view, nobody.resign, lambda: nobody.move(0)):
        with pytest.raises(BadToken):
            command()
    assert game.x.view().moves == ()


def test_g7_the_third_to_nth_who_asks_for_a_seat_watches(connection: Connection, game: Game) -> None:
    rooms = [connection.claim(f"g7 guest {number}").room(game.x.id) for number in range(3)]
    assert [room.join().seat for room in rooms] == [None, None, None]
    assert game.x.view().spectators == ("g7 guest 0", "g7 guest 1", "g7 guest 2")


def test_g7_who_is_not_seen_for_long_is_away_and_comes_back_to_the_seat(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(away_s=4.0, max_wait_s=0.2)
    cluster.start()
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection:
        game = Game(connection)
        watcher = connection.claim("watcher").room(game.x.id)
        watcher.join("spectator")
        for news in game.x.watch():
            seat = news.view.seats["O"]
            if seat is not None and not seat.present and not news.view.spectators:
                break
        game.play(0)
        game.o.move(3)
        view = game.x.view()
        assert view.seats["O"] is not None
        assert view.seats["O"].present
        assert view.moves == (("X", 0), ("O", 3))


def test_g7_tokens_are_in_no_log_journal_view_or_error(cluster: ClusterControl, game: Game) -> None:
    game.play(0, 3)
    tokens = [game.ada.token.encode(), game.bob.token.encode()]
    files = [file for file in cluster.settings.data.rglob("*") if file.is_file()]
    assert any(file.suffix == ".db" for file in files)
    assert any(file.suffix == ".log" for file in files)
    for file in files:
        content = file.read_bytes()
        assert not any(token in content for token in tokens), file
    assert not any(token.decode() in repr(game.x.view()) for token in tokens)
