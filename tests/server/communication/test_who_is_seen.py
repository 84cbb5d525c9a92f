"""Who is seen in which room, and who leaves because nobody has seen them. The clock is moved by hand."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

import pytest

from game.errors import LimitReached
from game.games.registry import DEFAULT_GAME, short_list
from game.moment import Limits
from game.rooms.commands import Close, Join, Leave
from game.rooms.state import Room
from server.commit.commit import Commit
from server.commit.group_commit import Committer
from server.log.entries import Entry, Epoch
from server.log.journal.journal import Journal
from server.log.streams import Streams
from server.main.account_service import AN_HOUR_S
from server.main.command_service import CommandService
from server.main.match_opener import MatchOpener
from server.rooms.ids import house_request
from server.rooms.pairing import Pairing
from server.rooms.room_store import RoomStore
from server.runtime.effects import Conversation, converse
from server.runtime.failpoints import Failpoints
from server.runtime.security import token_hash
from server.settings import Settings
from wire.later import now

SETTINGS = Settings(away_s=60.0, name_grace_s=1e6)
A_DAY_S = 86_400.0


class Alone:
    """Stands where the replica's link is: this main server has none."""

    epoch = 1

    def carry(self, _entries: Sequence[Entry]) -> Conversation[bool]:
        return True
        yield


class MainServer:
    """The parts of a main server that know who is seen."""

    def __init__(self) -> None:
        self.time = 0.0
        streams = Streams(Limits())
        journal = Journal(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False))
        journal.begin_term(Epoch(1, "me"))
        self.house = RoomStore(streams, journal, lambda _room: None, lambda: self.time)
        self.house.load()
        commit = Commit(streams, self.house, journal, Alone(), Failpoints(""), self.house.moment)
        committer = Committer(
            commit,
            lambda talk: converse(talk, lambda wish: pytest.fail(f"nobody here can {wish}")),
            step_down=pytest.fail,
        )
        self.desk = CommandService(self.house, committer, SETTINGS, lambda: self.time)
        self.pairings = MatchOpener(
            self.house,
            committer,
            check_new_room=self.desk.check_new_room,
            seat_house_bot=lambda: pytest.fail("nobody asked for the house bot"),
            expect=self.desk.expect,
        )

    def pass_on(self, seconds: float) -> None:
        """Time passes, and then the desk is tidied."""
        self.time += seconds
        self.desk.tidy()

    def match(self, *players: str) -> str:
        """The room of a match of these two."""
        (opened,) = self.pairings.open([Pairing(house_request(), (players[0], players[1]), short_list(DEFAULT_GAME))])
        assert opened.room is not None
        return opened.room

    def room(self, room: str) -> Room:
        return self.house.room(room)


@pytest.fixture
def server() -> MainServer:
    return MainServer()


def test_who_was_just_matched_is_given_the_time_to_come(server: MainServer) -> None:
    server.pass_on(A_DAY_S)
    room = server.match("ann", "bob")
    for _ in range(59):
        server.pass_on(1.0)
        assert server.room(room).away == {}
    server.pass_on(1.0)
    assert set(server.room(room).away) == {"ann", "bob"}


def test_who_did_not_come_to_their_match_is_away_since_it_began(server: MainServer) -> None:
    server.pass_on(A_DAY_S)
    server.house.time.at_least(1_000_000)
    room = server.match("ann", "bob")
    server.pass_on(60.0)
    away = server.room(room)
    assert set(away.away.values()) == {away.at - 60_000}


def test_who_was_seen_where_is_forgotten_once_it_matters_no_more(server: MainServer) -> None:
    tokens = {name: f"the secret token of {name}, which is long" for name in ("ann", "bob", "cy")}
    for name, token in tokens.items():
        server.desk.names.claim(name, token_hash(token))
    rooms = [
        str(server.desk.create(token_hash(tokens["ann"]), f"create-{number}", "", "tictactoe", {}, {})["room"])
        for number in range(5)
    ]
    for room in rooms:
        for name, token in tokens.items():
            now(server.desk.command(token, room, lambda by: Join(by, "join", "player")))
            server.desk.view(token, room)
            if name != "ann":
                now(server.desk.command(token, room, lambda by: Leave(by, "leave")))
    server.pass_on(59.0)
    server.desk.view(tokens["ann"], rooms[0])
    server.pass_on(2.0)
    assert list(server.desk._seen) == [(rooms[0], "ann")]
    assert [set(server.room(room).away) for room in rooms] == [{"bob"}, *[{"ann", "bob"}] * 4]


def test_who_was_here_in_an_earlier_term_has_the_time_to_come_back(server: MainServer) -> None:
    token = "the secret token of ann, which is long"
    server.desk.names.claim("ann", token_hash(token))
    room = str(server.desk.create(token_hash(token), "create-it", "", "tictactoe", {}, {})["room"])
    now(server.desk.command(token, room, lambda by: Join(by, "join", "player")))
    server.desk = CommandService(server.house, server.desk._committer, SETTINGS, lambda: server.time)
    server.pass_on(59.0)
    assert server.room(room).away == {}
    server.pass_on(1.0)
    assert set(server.room(room).away) == {"ann"}


# -- how many rooms ------------------------------------------------------------------------------------------------


def limited(server: MainServer, **limits: int) -> CommandService:
    """A desk with other limits, of people of one host."""
    changed = replace(SETTINGS, **limits)  # type: ignore[arg-type]  # all of them are numbers
    return CommandService(server.house, server.desk._committer, changed, lambda: server.time)


def opens(desk: CommandService, name: str, number: int, host: str = "a classroom") -> str:
    """Somebody opens a room, having a name or not yet."""
    hashed = token_hash(f"the secret token of {name}, which is long")
    desk.names.claim(name, hashed, host)
    return str(desk.create(hashed, f"create-{number}", "", "tictactoe", {}, {}, host)["room"])


def test_rooms_of_one_name_come_at_a_bounded_rate_however_often_they_are_closed(server: MainServer) -> None:
    desk = limited(server, max_new_rooms_per_name_per_hour=4)
    for number in range(4):
        room = opens(desk, "ann", number)
        token = "the secret token of ann, which is long"
        now(desk.command(token, room, lambda by, number=number: Close(by, f"close-{number}")))  # type: ignore[misc]
    with pytest.raises(LimitReached, match="MAX_NEW_ROOMS_PER_NAME_PER_HOUR"):
        opens(desk, "ann", 4)
    assert opens(desk, "bob", 0)
    server.time += AN_HOUR_S / 4
    assert opens(desk, "ann", 4)


def test_a_room_that_is_refused_leaves_nothing_behind(server: MainServer) -> None:
    desk = limited(server, max_rooms_per_name=1)
    room = opens(desk, "ann", 0)
    for _ in range(3):
        with pytest.raises(LimitReached):
            opens(desk, "ann", 1)
        assert opens(desk, "ann", 0) == room
    assert server.house.open_rooms == 1
    assert not desk._opening


def test_the_defaults_admit_a_classroom_and_a_rush_of_a_thousand_at_one_address(server: MainServer) -> None:
    desk = limited(server)
    for number in range(30):
        for room in range(5):
            opens(desk, f"child {'abcdefghijklmnopqrstuvwxyzäöüß'[number]}", room)
    for number in range(1000):
        desk.names.claim(f"visitor {number:04}x", token_hash(f"the secret token of {number}"), "a classroom")
    assert server.house.names.held == 1030
