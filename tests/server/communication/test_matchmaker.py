"""Random crowds who come, ask for a match, cancel, die and return: the real queue, the real front door's matchmaking
and the real main server's side of it on a journal in memory, without processes. What time it is, is handed in.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from game.context import Limits
from game.games.registry import DEFAULT_GAME, short_list
from game.match.matchmaking import Seeker
from game.match.selection import ANY, SeekFilter
from game.rooms.commands import SYSTEM, Close
from server.communication import bot_matches
from server.communication.bot_matches import BotLimits
from server.communication.lobby_follower import LobbyFollower
from server.communication.matchmaker import CANCELLED_S, Matchmaker
from server.log.entries import Epoch
from server.log.journal.journal import Journal
from server.log.room_stream import room_stream
from server.log.streams import Streams
from server.main.command_service import CommandService
from server.main.match_opener import MatchOpener
from server.rooms.ids import system_request
from server.rooms.lobby import LobbyCursor
from server.rooms.pairing import pairings
from server.rooms.room_store import RoomStore
from server.settings import Settings
from tests.conditions import wait_until
from tests.examples import examples
from tests.game.naive_matchmaking import naive_groups
from tests.server.alone import committer_of
from wire.errors import Busy, NotReady
from wire.later import Later, Shared, now

CHOICES = short_list(DEFAULT_GAME)
BOARDS, CLOCKS = (ANY, ANY, *CHOICES.boards[:2]), (ANY, ANY, *CHOICES.clocks[:2])
PEOPLE = [f"p{number}" for number in range(12)]
FOREVER_S = 3600.0
SHORTLY_S = 0.01


class _RoundOver(Exception):
    """What a round ends with, since the loop that it is a part of never does."""


class Servers:
    """A main server and a front door of one process, as far as matches go."""

    def __init__(self) -> None:
        streams = Streams(Limits())
        journal = Journal(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False))
        journal.begin_term(Epoch(1, "me"))
        self.store = RoomStore(streams, journal, lambda _room: None)
        self.store.load()
        self.committer = committer_of(streams, self.store, journal)
        command_service = CommandService(self.store, self.committer, Settings())
        self._match_opener = MatchOpener(
            self.store,
            self.committer,
            check_new_room=command_service.check_new_room,
            seat_house_bot=lambda: None,
            expect_players=command_service.expect_players,
        )
        self.copy = LobbyFollower()
        self.clock = 0.0
        self.ratings: dict[str, float] = {}
        self.away = False
        """Whether the main server does not answer the next question."""
        self.asked_in_vain = False
        self.matchmaker = Matchmaker(
            self.call_main,
            self.copy,
            lambda room: {"object": room},
            lambda name: self.ratings.get(name, 1500.0),
            b"the cluster's key",
            clock=lambda: self.clock,
            bot_limits=BotLimits(48, 32),
        )
        self.follow()

    def call_main(self, method: str, wanted: Sequence[object]) -> Mapping[str, Any]:
        assert method == "open_matches"
        if self.away:
            self.away, self.asked_in_vain = False, True
            raise NotReady("the main server is being replaced")
        opened = [one._asdict() for one in self._match_opener.open(pairings(wanted))]
        self.follow()
        return {"opened": opened, "revision": self.store.lobby_revision}

    def follow(self) -> None:
        """The front door's copy is as the lobby is."""
        changes = self.store.lobby_changes(LobbyCursor(*self.copy.cursor), 1000, 0.0)
        self.copy.apply(vars(changes))

    def round(self) -> None:
        """Match whoever waits, once."""
        begun = False

        def pause(_seconds: float) -> None:
            nonlocal begun
            if begun and not self.asked_in_vain:
                raise _RoundOver
            begun, self.asked_in_vain = True, False

        with pytest.raises(_RoundOver):
            self.matchmaker.run(lambda: True, pause)

    def close(self, room: str) -> None:
        """A match comes to its end."""
        now(self.committer.submit(room_stream(room), Close(SYSTEM, system_request())))
        self.follow()


def told(answer: Later) -> Mapping[str, Any]:
    """What a question is answered, which must not take long."""
    wait_until(lambda: answer.settled, what="an answer")
    answered = answer.wait()
    heard: Mapping[str, Any] = answered.value if isinstance(answered, Shared) else answered
    return heard


class Crowd:
    """People, and what must be so of them: a model without any of the servers' parts."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers
        self.questions: dict[str, Later] = {}
        self.waiting: dict[str, Seeker] = {}
        self.tickets: dict[str, tuple[str, float]] = {}
        self.room_of: dict[str, str] = {}
        self.cancelled: dict[str, float] = {}

    # -- what people do -------------------------------------------------------------------------------------------

    def ask(self, name: str, wish: SeekFilter, ticket: str, worth_s: float) -> None:
        """Ask for a match, with a ticket that is worth so much."""
        answer = self.servers.matchmaker.seek(name, wish, ticket, FOREVER_S)
        if name in self.room_of:
            assert isinstance(answer, dict)
            assert answer["room"] == self.room_of[name], "who is in a match is told so"
            return
        if self.is_over(name, ticket):
            assert isinstance(answer, dict)
            assert not answer["waiting"], "it asked before its person cancelled"
            return
        assert isinstance(answer, Later), "who is in none waits"
        since = self.servers.clock - int(worth_s * 1000) / 1000.0
        before = self.waiting.get(name)
        rating = self.servers.ratings.get(name, 1500.0)
        self.waiting[name] = Seeker(name, wish, rating, min(since, before.since) if before else since)
        if name in self.questions:
            self.questions[name].abandon()
        self.questions[name] = answer

    def ask_shortly(self, name: str, wish: SeekFilter, ticket: str, worth_s: float) -> None:
        """Ask, and hear that there is no match when the question's time is up; the new ticket keeps the place."""
        if name in self.room_of:
            return
        self.die(name)
        question = self.servers.matchmaker.seek(name, wish, ticket, SHORTLY_S)
        if self.is_over(name, ticket):
            assert isinstance(question, dict)
            assert not question["waiting"], "it asked before its person cancelled"
            return
        assert isinstance(question, Later)
        answer = told(question)
        assert answer["room"] is None
        assert answer["waiting"], "who was not matched may wait on"
        assert answer["waited_s"] == pytest.approx(int(worth_s * 1000) / 1000.0)
        self.tickets[name] = (str(answer["ticket"]), float(answer["waited_s"]))

    def return_with(self, name: str, wish: SeekFilter, whose: str) -> None:
        """Ask with a ticket, which may be another's: then it is worth nothing."""
        ticket, worth_s = self.tickets.get(whose, ("", 0.0))
        self.ask(name, wish, ticket, worth_s if whose == name else 0.0)

    def is_over(self, name: str, ticket: str) -> bool:
        """Whether a question with that ticket was cancelled by its person; without a ticket it is a new one."""
        if not ticket:
            self.cancelled.pop(name, None)
        return name in self.cancelled

    def cancel(self, name: str) -> None:
        answer = self.servers.matchmaker.cancel(name)
        assert answer["room"] == self.room_of.get(name)
        recently = self.servers.clock - CANCELLED_S
        self.cancelled = {one: since for one, since in self.cancelled.items() if since >= recently}
        self.cancelled[name] = self.servers.clock
        self.waiting.pop(name, None)
        question = self.questions.pop(name, None)
        if question is not None:
            assert not told(question)["waiting"], "whoever cancels need not ask again"

    def die(self, name: str) -> None:
        """The connection breaks."""
        self.waiting.pop(name, None)
        question = self.questions.pop(name, None)
        if question is not None:
            question.abandon()

    # -- what must be so ------------------------------------------------------------------------------------------

    def match(self) -> None:
        """One round: all are matched as the reference says, and told so; nobody else is in a match."""
        expected = naive_groups(self.waiting.values(), self.servers.clock, CHOICES)
        self.servers.round()
        for group in expected:
            rooms = {seeker.name: told(self.questions.pop(seeker.name))["room"] for seeker in group}
            (room,) = set(rooms.values())
            seats = self.servers.store.room(room).seats
            assert tuple(seats.values()) == tuple(rooms), "who waited longest begins"
            assert not self.room_of.keys() & rooms.keys(), "nobody is in two matches"
            self.room_of.update(rooms)
            for name in rooms:
                del self.waiting[name]
        in_matches = {name: room for name in PEOPLE if (room := self.servers.store.match_of(name)) is not None}
        assert in_matches == self.room_of, "nobody is matched who cancelled, left or never asked"
        assert not any(question.settled for question in self.questions.values()), "all others wait on"

    def end_match(self, name: str) -> None:
        room = self.room_of[name]
        self.servers.close(room)
        self.room_of = {other: at for other, at in self.room_of.items() if at != room}


STEPS = st.tuples(
    st.sampled_from(["ask", "ask", "ask", "ask shortly", "return", "return", "cancel", "die", "match", "match", "end"]),
    st.sampled_from(PEOPLE),
    st.builds(SeekFilter, st.sampled_from(BOARDS), st.sampled_from(CLOCKS)),
    st.sampled_from(PEOPLE),
    st.sampled_from([0.0, 0.3, 4.0, 11.0]),
    st.booleans(),
)


@settings(max_examples=examples(60))
@given(st.lists(STEPS, max_size=40), st.randoms(use_true_random=False))
def test_whatever_a_crowd_does_all_are_matched_as_they_should_be(steps: list[Any], chance: random.Random) -> None:
    servers = Servers()
    crowd = Crowd(servers)
    for step, name, wish, other, passes_s, away in steps:
        servers.clock += passes_s
        servers.ratings[name] = float(round(chance.gauss(1500.0, 300.0)))
        servers.away = away
        if step == "ask":
            crowd.ask(name, wish, "", 0.0)
        elif step == "ask shortly":
            crowd.ask_shortly(name, wish, *crowd.tickets.get(name, ("", 0.0)))
        elif step == "return":
            crowd.return_with(name, wish, other)
        elif step == "cancel":
            crowd.cancel(name)
        elif step == "die":
            crowd.die(name)
        elif step == "match":
            crowd.match()
        elif name in crowd.room_of:
            crowd.end_match(name)
    crowd.match()


@pytest.fixture
def crowd() -> Crowd:
    return Crowd(Servers())


def test_a_ticket_keeps_the_place_in_the_queue(crowd: Crowd) -> None:
    crowd.tickets["p0"] = asked_for(crowd, "p0", 20.0)
    crowd.ask("p1", SeekFilter(), "", 0.0)
    crowd.return_with("p0", SeekFilter(), "p0")
    crowd.match()
    assert crowd.servers.store.room(crowd.room_of["p0"]).seats["X"] == "p0"


def test_the_ticket_of_another_is_worth_nothing(crowd: Crowd) -> None:
    crowd.tickets["p0"] = asked_for(crowd, "p0", 20.0)
    crowd.ask("p1", SeekFilter(), "", 0.0)
    crowd.servers.clock += 0.1
    crowd.return_with("p2", SeekFilter(), "p0")
    crowd.match()
    assert crowd.servers.store.room(crowd.room_of["p2"]).seats["X"] == "p1"


@pytest.mark.parametrize("ticket", ["", "-", "99999999", "99999999-", "1-2-3", "-1-abc", "٣-abc", "1e9-0", "\x00"])
def test_what_is_no_ticket_is_worth_nothing(crowd: Crowd, ticket: str) -> None:
    crowd.ask("p0", SeekFilter(), "", 0.0)
    crowd.servers.clock += 1.0
    crowd.ask("p1", SeekFilter(), ticket, 0.0)
    crowd.match()


def test_who_cancels_and_asks_again_waits_again(crowd: Crowd) -> None:
    for _ in range(20):
        crowd.ask("p0", SeekFilter(), "", 0.0)
        crowd.cancel("p0")
    crowd.ask("p0", SeekFilter(), "", 0.0)
    crowd.ask("p1", SeekFilter(), "", 0.0)
    crowd.match()
    assert crowd.room_of.keys() == {"p0", "p1"}


def test_who_is_in_a_match_is_not_matched_again_though_the_front_door_does_not_know_it(crowd: Crowd) -> None:
    """As after a restart of the front door whose copy of the lobby is not complete."""
    crowd.ask("p0", SeekFilter(), "", 0.0)
    crowd.ask("p1", SeekFilter(), "", 0.0)
    crowd.match()
    crowd.servers.copy.matches.put(crowd.room_of["p0"], None)
    question = crowd.servers.matchmaker.seek("p0", SeekFilter(), "", FOREVER_S)
    crowd.ask("p2", SeekFilter(), "", 0.0)
    crowd.servers.round()
    assert isinstance(question, Later)
    assert crowd.servers.store.match_of("p0") == crowd.room_of["p0"]
    assert crowd.servers.store.match_of("p2") is None
    crowd.ask("p3", SeekFilter(), "", 0.0)
    crowd.match()
    assert crowd.room_of["p2"] == crowd.room_of["p3"] != crowd.room_of["p0"]


def test_who_waits_hears_of_their_match_as_soon_as_the_front_door_does(crowd: Crowd) -> None:
    """As when the main server is killed between opening a match and telling the lobby of it."""
    crowd.ask("p0", SeekFilter(), "", 0.0)
    crowd.ask("p1", SeekFilter(), "", 0.0)
    crowd.match()
    room = crowd.room_of["p0"]
    row = crowd.servers.copy.lobby.rows[room]
    crowd.servers.copy.matches.put(room, None)
    questions = [crowd.servers.matchmaker.seek("p0", SeekFilter(), "", FOREVER_S) for _ in range(2)]
    crowd.servers.round()
    crowd.servers.copy.matches.put(room, row)
    crowd.servers.round()
    for question in questions:
        assert isinstance(question, Later)
        assert told(question)["room"] == room


def test_who_is_refused_by_the_house_bot_waits_on(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot_matches.BotMatches, "may_begin", lambda _: False)
    crowd.ask("p0", SeekFilter(), "", 0.0)
    with pytest.raises(Busy):
        crowd.servers.matchmaker.play_house_bot("p0", "request", SeekFilter())
    crowd.ask("p1", SeekFilter(), "", 0.0)
    crowd.match()
    assert crowd.room_of.keys() == {"p0", "p1"}


def test_who_plays_the_house_bot_waits_no_more(crowd: Crowd) -> None:
    crowd.ask("p0", SeekFilter(), "", 0.0)
    room = crowd.servers.matchmaker.play_house_bot("p0", "request", SeekFilter())["room"]
    assert told(crowd.questions.pop("p0"))["room"] == room
    crowd.ask("p1", SeekFilter(), "", 0.0)
    crowd.servers.round()
    assert crowd.servers.store.match_of("p1") is None


def asked_for(crowd: Crowd, name: str, waits_s: float) -> tuple[str, float]:
    """The ticket of somebody who has waited that long."""
    worth_s = 0.0
    ticket = ""
    answer = crowd.servers.matchmaker.seek(name, SeekFilter(), ticket, SHORTLY_S)
    crowd.servers.clock += waits_s
    assert isinstance(answer, Later)
    heard = told(answer)
    worth_s = heard["waited_s"]
    assert worth_s == pytest.approx(waits_s)
    return heard["ticket"], worth_s
