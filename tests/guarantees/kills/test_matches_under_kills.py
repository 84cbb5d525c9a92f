"""Matches on real processes: who seeks is matched, whatever is killed in the queue, during the selection, while a clock
runs and while a match ends; nobody is charged for a takeover, and the book and the ratings survive everything.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from client import Cluster as Connection
from client import Player, RoomClient
from client.game_archive import Played
from game.errors import NoSuchGame
from game.forms.room_view import View
from game.match.selection import Proposal, SeekFilter
from server.control.cluster import ClusterControl
from server.settings import ROOT
from tests.conditions import wait_until
from tests.conftest import new_names
from wire import COMMUNICATION, MAIN, REPLICATION

SERVERS = (MAIN, COMMUNICATION, REPLICATION)
ONE_GAME = Proposal("3x3", 1, "none")
ELSE = {"clock": "1+1"}
"""A wish that does not go together with what the others wish for."""
WAITS_S = 6.5
"""Longer than the clock of the game in which nothing of it is charged."""


class Seeking:
    """Somebody who asks for a match, in the background."""

    def __init__(self, player: Player, wish: SeekFilter = SeekFilter(clock="10s")) -> None:  # noqa: B008  # immutable
        self.player = player
        self.room: RoomClient | None = None
        self._thread = threading.Thread(target=self._seek, args=(wish,), daemon=True)
        self._thread.start()

    def _seek(self, wish: SeekFilter) -> None:
        self.room = self.player.seek(wish)

    @property
    def over(self) -> bool:
        return not self._thread.is_alive()

    def matched(self) -> RoomClient:
        wait_until(lambda: self.over, what=f"an end of {self.player.name}'s search")
        assert self.room is not None
        return self.room


def others_who_wait(connection: Connection, token: str) -> int:
    """How many wait; those who died are found out when somebody new asks."""
    return int(connection.ask("seek", token, ELSE, "", 0.01)["others"])


def wait_for_seekers(connection: Connection, count: int) -> None:
    (name,) = new_names(f"looks for {count}")
    token = connection.claim(name).token
    wait_until(lambda: others_who_wait(connection, token) == count, what=f"{count} who wait")


def new_players(connection: Connection) -> tuple[Player, Player]:
    """Two who are new to the cluster, Ada and Bob."""
    ada, bob = new_names("ada", "bob")
    return connection.claim(ada), connection.claim(bob)


def matched_pair(connection: Connection, wish: SeekFilter = SeekFilter()) -> tuple[RoomClient, RoomClient]:  # noqa: B008
    """Two who were matched: who has X, and who has O."""
    return pair_of(new_players(connection), wish)


def pair_of(players: tuple[Player, Player], wish: SeekFilter = SeekFilter()) -> tuple[RoomClient, RoomClient]:  # noqa: B008
    """These two, matched: who has X, and who has O."""
    both = [Seeking(player, wish) for player in players]
    rooms = [seeking.matched() for seeking in both]
    x = next(room for room in rooms if room.view().seat_of(room.name) == "X")
    return x, next(room for room in rooms if room is not x)


def playing_pair(connection: Connection) -> tuple[RoomClient, RoomClient]:
    """Two who were matched and agreed on one game without clocks."""
    x, o = matched_pair(connection)
    agree(x, o)
    return x, o


def agree(x: RoomClient, o: RoomClient) -> None:
    """They play one game without clocks."""
    x.propose(ONE_GAME)
    o.propose(ONE_GAME)
    assert x.view().phase == "playing"


def seen(room: RoomClient, condition: Callable[[View], object]) -> View:
    """The room once that is so."""
    return wait_until(lambda: view if condition(view := room.view()) else None)


def at_now(room: RoomClient) -> int:
    """The service time."""
    return next(room.watch()).at


def book_of(connection: Connection) -> list[Played]:
    """All games that were finished so far."""
    book: list[Played] = []
    with suppress(NoSuchGame):
        while True:
            book.append(connection.game(len(book) + 1))
    return book


def test_the_book_and_the_ratings_are_the_same_after_all_servers_died(
    cluster: ClusterControl, connection: Connection
) -> None:
    """The first test of this cluster: no game of another may end meanwhile."""
    players = new_players(connection)
    for _ in range(2):
        x, o = pair_of(players)
        agree(x, o)
        x.move(0)
        o.resign()
        x.leave()
        o.leave()
    wait_until(lambda: len(connection.games().games) == 2)

    def told() -> object:
        return connection.games(), connection.leaderboard(), connection.player_page(players[0].name)

    before = told()
    for role in SERVERS:
        cluster.kill(role)
    cluster.start()
    wait_until(lambda: len(connection.games().games) == 2)
    assert told() == before


def test_two_who_seek_are_matched_and_play(connection: Connection) -> None:
    x, o = playing_pair(connection)
    assert x.id == o.id
    for room, cell in ((x, 0), (o, 3), (x, 1), (o, 4), (x, 2)):
        room.move(cell)
    view = x.view()
    assert (view.winner, view.series_over, view.rated) == (x.name, True, True)
    played = connection.result(x.id, 1)
    assert played.changes[x.name].after > played.changes[o.name].after


def test_who_cancels_is_matched_with_nobody(connection: Connection) -> None:
    cy, ada, bob = map(connection.claim, new_names("cy", "ada", "bob"))
    leaves = Seeking(cy)
    wait_for_seekers(connection, 1)
    leaves.player.cancel_seek()
    wait_until(lambda: leaves.over)
    assert leaves.room is None
    x, o = pair_of((ada, bob), SeekFilter(clock="10s"))
    assert {x.name, o.name} == {ada.name, bob.name}


def test_who_dies_while_waiting_is_matched_with_nobody(cluster: ClusterControl, connection: Connection) -> None:
    code = "import sys; from client import connect; connect(sys.argv[1]).claim(sys.argv[2]).seek()"
    cy, looks_on, *two = new_names("cy", "looks on", "ada", "bob")
    process = subprocess.Popen([sys.executable, "-c", code, cluster.name_server, cy], cwd=ROOT)
    try:
        token = connection.claim(looks_on).token
        wait_until(lambda: connection.ask("seek", token, ELSE, "", 0.0)["others"] == 1, what="cy in the queue")
    finally:
        process.kill()
        process.wait()
    wait_for_seekers(connection, 0)
    ada, bob = map(connection.claim, two)
    x, o = pair_of((ada, bob))
    assert {x.name, o.name} == {ada.name, bob.name}


@pytest.mark.parametrize("role", SERVERS)
def test_who_waits_is_matched_though_a_server_is_killed(
    cluster: ClusterControl, connection: Connection, role: str
) -> None:
    players = new_players(connection)
    ada = Seeking(players[0])
    wait_for_seekers(connection, 1)
    cluster.kill(role)
    bob = Seeking(players[1])
    assert ada.matched().id == bob.matched().id
    wait_until(cluster.is_whole)


@pytest.mark.parametrize("role", SERVERS)
def test_what_was_proposed_stands_though_a_server_is_killed(
    cluster: ClusterControl, connection: Connection, role: str
) -> None:
    x, o = matched_pair(connection)
    x.propose(ONE_GAME)
    before = x.view()
    cluster.kill(role)
    after = x.view()
    assert (after.selection, after.due_at) == (before.selection, before.due_at)
    o.propose(ONE_GAME)
    assert (x.view().phase, x.view().best_of) == ("playing", 1)
    wait_until(cluster.is_whole)


@pytest.mark.parametrize("role", SERVERS)
def test_a_flag_falls_when_it_should_though_a_server_is_killed(
    cluster: ClusterControl, connection: Connection, role: str
) -> None:
    ada, bob = new_players(connection)
    x = ada.create("a short game", clock="6s", best_of=1)
    o = bob.room(x.id)
    x.join()
    o.join()
    due_at = x.view().due_at
    assert due_at is not None
    cluster.kill(role)
    over = seen(o, lambda view: view.phase == "finished")
    assert over.outcome is not None
    assert (over.outcome.termination, over.winner) == ("time", bob.name)
    fell_at = next(event.at for news in x.watch(0) for _, event in news.events if event.kind == "finished")
    assert due_at <= fell_at <= at_now(x)
    wait_until(cluster.is_whole)


def test_nobody_is_charged_while_there_is_no_primary(cluster: ClusterControl, connection: Connection) -> None:
    """For longer than the whole clock: after it there is as much left as before, but for what was written last."""
    ada, bob = new_players(connection)
    x = ada.create("a short game", clock="6s", best_of=1)
    o = bob.room(x.id)
    x.join()
    o.join()
    x.move(0)
    before = o.view()
    assert before.time is not None
    cluster.stop()
    stopped_at = time.monotonic()
    wait_until(lambda: time.monotonic() > stopped_at + WAITS_S)
    cluster.start()
    answer = o.move(4)
    after = o.view()
    assert after.version == answer.version == before.version + 1
    assert after.outcome is None
    lost = seen(x, lambda view: view.phase == "finished")
    assert lost.winner == bob.name, "and X, who thinks on, loses all the same"


@pytest.mark.parametrize("role", SERVERS)
def test_a_match_that_ends_while_a_server_is_killed_is_in_the_book_once(
    cluster: ClusterControl, connection: Connection, role: str
) -> None:
    x, o = playing_pair(connection)
    for room, cell in ((x, 0), (o, 3), (x, 1), (o, 4)):
        room.move(cell)
    killer = threading.Thread(target=cluster.kill, args=(role,))
    killer.start()
    x.move(2)
    killer.join()
    wait_until(cluster.is_whole)
    assert x.view().series_over
    wait_until(lambda: connection.games(name=x.name).games)
    assert [played.record.room for played in connection.games(name=x.name).games] == [x.id]
    assert [played.record.number for played in book_of(connection) if played.record.room == x.id] == [1]
