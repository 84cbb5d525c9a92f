"""Who is seen in which room, and who leaves because nobody has seen them. The clock is moved by hand."""

from __future__ import annotations

import math
import sqlite3
from typing import Any

import pytest

from game.context import Limits
from game.games.registry import DEFAULT_GAME, short_list
from game.rooms.commands import Join, Leave
from game.rooms.state import Room
from server.log.entries import Epoch
from server.log.journal.journal import Journal
from server.log.streams import Streams
from server.main.command_service import CommandService
from server.main.match_opener import MatchOpener
from server.rooms.ids import system_request
from server.rooms.pairing import Pairing
from server.rooms.room_store import RoomStore
from server.runtime.effects import Effects
from server.runtime.security import token_hash
from server.settings import Settings
from tests.server.alone import HeldBack, committer_of
from tests.server.timers_by_hand import TimersByHand, result_of
from wire.later import Later

SETTINGS = Settings(away_s=60.0, name_grace_s=1e6)
A_DAY_S = 86_400.0


class MainServer:
    """The parts of a main server that know who is seen."""

    def __init__(self) -> None:
        self.timers = TimersByHand()
        streams = Streams(Limits())
        journal = Journal(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False))
        journal.begin_term(Epoch(1, "me"))
        self.store = RoomStore(streams, journal, self.timers, self.timers.clock)
        self.store.load()
        self.replication = HeldBack()
        self.committer = committer_of(streams, self.store, journal, self.timers, self.replication)
        self.command_service = self.new_command_service(SETTINGS)
        self.match_opener = MatchOpener(
            self.store,
            check_new_room=self.command_service.check_new_room,
            seat_house_bot=lambda: pytest.fail("nobody asked for the house bot"),
            expect_players=self.command_service.expect_players,
        )

    def new_command_service(self, settings: Settings) -> CommandService:
        return CommandService(self.store, self.committer, settings, self.timers.clock)

    @property
    def time(self) -> float:
        return self.timers.now

    @time.setter
    def time(self, now: float) -> None:
        self.timers.now = now

    def run(self, effects: Effects[Any]) -> Any:
        """Run a procedure to its end."""
        return self.timers.result(effects, self.committer)

    def begin(self, effects: Effects[Any]) -> Later:
        """Begin a procedure, up to the commit that is held back."""
        later = self.timers.begin(effects, self.committer)
        self.timers.run()
        return later

    def pass_on(self, seconds: float) -> None:
        """Time passes, and then the sweep runs."""
        self.time += seconds
        self.run(self.command_service.sweep())

    def claim(self, name: str, token: str) -> None:
        self.run(self.command_service.accounts.claim(name, token_hash(token)))

    def create(self, token: str, request_id: str) -> str:
        """The new room of that person."""
        created = self.command_service.create(token_hash(token), request_id, "", "tictactoe", {}, {})
        return str(self.run(created)["room"])

    def match(self, *players: str) -> str:
        """The room of a match of these two."""
        pairing = Pairing(system_request(), (players[0], players[1]), short_list(DEFAULT_GAME))
        (opened,) = self.run(self.match_opener.open([pairing]))
        assert opened.room is not None
        return str(opened.room)

    def room(self, room: str) -> Room:
        return self.store.room(room)


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
    server.store.service_clock.at_least(1_000_000)
    room = server.match("ann", "bob")
    server.pass_on(60.0)
    away = server.room(room)
    assert set(away.away.values()) == {away.at - 60_000}


def test_who_was_seen_where_is_forgotten_once_it_matters_no_more(server: MainServer) -> None:
    tokens = {name: f"the secret token of {name}, which is long" for name in ("ann", "bob", "cy")}
    for name, token in tokens.items():
        server.claim(name, token)
    rooms = [server.create(tokens["ann"], f"create-{number}") for number in range(5)]
    for room in rooms:
        for name, token in tokens.items():
            result_of(server.command_service.command(token, room, lambda by: Join(by, "join", "player")))
            server.command_service.view(token, room)
            if name != "ann":
                result_of(server.command_service.command(token, room, lambda by: Leave(by, "leave")))
    server.pass_on(59.0)
    server.command_service.view(tokens["ann"], rooms[0])
    server.pass_on(2.0)
    assert [key for key, _ in server.command_service._seen.before(math.inf)] == [(rooms[0], "ann")]
    assert [set(server.room(room).away) for room in rooms] == [{"bob"}, *[{"ann", "bob"}] * 4]


def test_who_was_here_in_an_earlier_term_has_the_time_to_come_back(server: MainServer) -> None:
    token = "the secret token of ann, which is long"
    server.claim("ann", token)
    room = server.create(token, "create-it")
    result_of(server.command_service.command(token, room, lambda by: Join(by, "join", "player")))
    server.command_service = server.new_command_service(SETTINGS)
    server.pass_on(59.0)
    assert server.room(room).away == {}
    server.pass_on(1.0)
    assert set(server.room(room).away) == {"ann"}
