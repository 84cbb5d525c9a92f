"""Random crowds who come, ask for a match, cancel, die and return: the real queue, the real front door's matchmaking
and the real main server's side of it on a journal in memory, in one thread. Time passes when a test lets it.
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
from game.match.matchmaking import PATIENT_S, Seeker
from game.match.selection import ANY, SeekFilter
from game.rooms.commands import SYSTEM, Close
from server.communication import bot_matches, matchmaker
from server.communication.bot_matches import BotLimits
from server.communication.lobby_follower import LobbyFollower
from server.communication.matchmaker import CANCELLED_S, REFUSED_RETRY_S, Matchmaker
from server.log.entries import Epoch
from server.log.journal.journal import Journal
from server.log.room_stream import room_stream
from server.log.streams import Streams
from server.main.command_service import CommandService
from server.main.match_opener import MatchOpener
from server.rooms.ids import system_request
from server.rooms.lobby import LobbyCursor
from server.rooms.long_poll import TICK_S
from server.rooms.pairing import pairings
from server.rooms.room_store import RoomStore
from server.runtime.effects import no_effects
from server.runtime.procedures import Procedure
from server.settings import Settings
from tests.examples import examples
from tests.game.naive_matchmaking import naive_groups
from tests.server.alone import committer_of
from tests.server.timers_by_hand import TimersByHand, result_of
from wire.errors import Busy, NotReady
from wire.later import Later

CHOICES = short_list(DEFAULT_GAME)
BOARDS, CLOCKS = (ANY, ANY, *CHOICES.boards[:2]), (ANY, ANY, *CHOICES.clocks[:2])
PEOPLE = [f"p{number}" for number in range(12)]
FOREVER_S = 3600.0
SHORTLY_S = 0.01


class Servers:
    """A main server and a front door of one process, as far as matches go."""

    def __init__(self) -> None:
        streams = Streams(Limits())
        journal = Journal(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False))
        journal.begin_term(Epoch(1, "me"))
        self.timers = TimersByHand(self.call_main)
        self.store = RoomStore(streams, journal, self.timers)
        self.store.load()
        self.committer = committer_of(streams, self.store, journal, self.timers)
        command_service = CommandService(self.store, self.committer, Settings())
        self._match_opener = MatchOpener(
            self.store,
            check_new_room=command_service.check_new_room,
            seat_house_bot=no_effects,
            expect_players=command_service.expect_players,
        )
        self.copy = LobbyFollower(self.timers, self.timers.clock)
        self.ratings: dict[str, float] = {}
        self.away = False
        """Whether the main server does not answer the next question."""
        self.asked_in_vain = False
        self.held: list[tuple[Sequence[object], Later]] | None = None
        """Questions that the main server does not answer yet; None while it answers at once."""
        self.matchmaker = Matchmaker(
            self.copy,
            lambda room: {"object": room},
            lambda name: self.ratings.get(name, 1500.0),
            b"the cluster's key",
            self.timers,
            self.timers.clock,
            bot_limits=BotLimits(48, 32),
        )
        self.follow()

    @property
    def now(self) -> float:
        return self.timers.now

    def call_main(self, method: str, wanted: Sequence[object]) -> Mapping[str, Any] | Later:
        assert method == "open_matches"
        if self.away:
            self.away, self.asked_in_vain = False, True
            raise NotReady("the main server is being replaced")
        if self.held is not None:
            self.held.append((wanted, Later()))
            return self.held[-1][1]
        return self.opened(wanted)

    def opened(self, wanted: Sequence[object]) -> Mapping[str, Any]:
        """The answer of the main server, which the lobby shows at once."""
        opening = Procedure(self._match_opener.open(pairings(wanted)), self.timers, self.committer).begin()
        opened = [one._asdict() for one in result_of(opening)]
        self.follow()
        return {"opened": opened, "revision": self.store.index.revision}

    def follow(self) -> None:
        """The front door's copy is as the lobby is."""
        changes = self.store.index.since(LobbyCursor(*self.copy.cursor), 1000)
        self.copy.apply(vars(changes))

    def round(self) -> None:
        """Match whoever waits, once. No time passes."""
        effects = self.matchmaker.run()
        matching: Procedure[None] = Procedure(effects, self.timers)
        matching.begin()
        while self.asked_in_vain:
            self.asked_in_vain = False
            matching.wake()
            self.timers.run()
        effects.close()
        self.timers.run()

    def cancel(self, name: str) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.timers.result(self.matchmaker.cancel(name))
        return answer

    def play_house_bot(self, name: str) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.timers.result(self.matchmaker.play_house_bot(name, "request", SeekFilter()))
        return answer

    def close(self, room: str) -> None:
        """A match comes to its end."""
        result_of(self.committer.submit(room_stream(room), Close(SYSTEM, system_request())))
        self.follow()


def told(answer: Later) -> Mapping[str, Any]:
    """What a question is answered, which must be there by now."""
    heard: Mapping[str, Any] = result_of(answer)
    return heard


class Crowd:
    """People, and what must be so of them: a model without any of the servers' parts."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers
        self.questions: dict[str, Later] = {}
        self.open_until: dict[str, float] = {}  # when a question must be answered at the latest
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
        worth_s = int(worth_s * 1000) / 1000.0
        since = self.servers.now - worth_s
        before = self.waiting.get(name)
        rating = self.servers.ratings.get(name, 1500.0)
        self.waiting[name] = Seeker(name, wish, rating, min(since, before.since) if before else since)
        if name in self.questions:
            self.questions[name].abandon()
        self.questions[name] = answer
        waits_s = PATIENT_S - worth_s if worth_s < PATIENT_S else FOREVER_S
        self.open_until[name] = self.servers.now + waits_s

    def pass_time(self, seconds: float) -> None:
        """Let time pass: whoever waited long enough is told so, and is offered the house bot."""
        self.servers.timers.advance(seconds)
        for name, question in list(self.questions.items()):
            until = self.open_until[name]
            if question.settled:
                assert until <= self.servers.now + TICK_S, "its time was not up"
                answer = told(self.questions.pop(name))
                assert answer["room"] is None
                assert answer["waiting"]
                assert answer["house_bot"]
                self.tickets[name] = (answer["ticket"], answer["waited_s"])
                del self.waiting[name]
            else:
                assert self.servers.now < until + TICK_S, "its time is up"

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
        self.pass_time(SHORTLY_S + TICK_S)
        answer = told(question)
        assert answer["room"] is None
        assert answer["waiting"], "who was not matched may wait on"
        assert int(worth_s * 1000) / 1000.0 < answer["waited_s"] <= worth_s + SHORTLY_S + TICK_S
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
        answer = self.servers.cancel(name)
        assert answer["room"] == self.room_of.get(name)
        recently = self.servers.now - CANCELLED_S
        self.cancelled = {one: since for one, since in self.cancelled.items() if since >= recently}
        self.cancelled[name] = self.servers.now
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
        expected = naive_groups(self.waiting.values(), self.servers.now, CHOICES)
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
        in_matches = {name: room for name in PEOPLE if (room := self.servers.store.index.match_of(name)) is not None}
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
        crowd.pass_time(passes_s)
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
    crowd.tickets["p0"] = asked_for(crowd, "p0")
    crowd.ask("p1", SeekFilter(), "", 0.0)
    crowd.return_with("p0", SeekFilter(), "p0")
    crowd.match()
    assert crowd.servers.store.room(crowd.room_of["p0"]).seats["X"] == "p0"


def test_the_ticket_of_another_is_worth_nothing(crowd: Crowd) -> None:
    crowd.tickets["p0"] = asked_for(crowd, "p0")
    crowd.ask("p1", SeekFilter(), "", 0.0)
    crowd.pass_time(0.1)
    crowd.return_with("p2", SeekFilter(), "p0")
    crowd.match()
    assert crowd.servers.store.room(crowd.room_of["p2"]).seats["X"] == "p1"


@pytest.mark.parametrize("ticket", ["", "-", "99999999", "99999999-", "1-2-3", "-1-abc", "٣-abc", "1e9-0", "\x00"])
def test_what_is_no_ticket_is_worth_nothing(crowd: Crowd, ticket: str) -> None:
    crowd.ask("p0", SeekFilter(), "", 0.0)
    crowd.pass_time(1.0)
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
    lobby, room = crowd.servers.copy.lobby, crowd.room_of["p0"]
    lobby.matches.put(room, lobby.rows[room], None)
    question = crowd.servers.matchmaker.seek("p0", SeekFilter(), "", FOREVER_S)
    crowd.ask("p2", SeekFilter(), "", 0.0)
    crowd.servers.round()
    assert isinstance(question, Later)
    assert crowd.servers.store.index.match_of("p0") == crowd.room_of["p0"]
    assert crowd.servers.store.index.match_of("p2") is None
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
    crowd.servers.copy.lobby.matches.put(room, row, None)
    questions = [crowd.servers.matchmaker.seek("p0", SeekFilter(), "", FOREVER_S) for _ in range(2)]
    crowd.servers.round()
    crowd.servers.copy.lobby.matches.put(room, None, row)
    crowd.servers.round()
    for question in questions:
        assert isinstance(question, Later)
        assert told(question)["room"] == room


def test_who_is_refused_by_the_house_bot_waits_on(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot_matches.BotMatches, "may_begin", lambda _: False)
    crowd.ask("p0", SeekFilter(), "", 0.0)
    with pytest.raises(Busy):
        crowd.servers.play_house_bot("p0")
    crowd.ask("p1", SeekFilter(), "", 0.0)
    crowd.match()
    assert crowd.room_of.keys() == {"p0", "p1"}


def test_who_plays_the_house_bot_waits_no_more(crowd: Crowd) -> None:
    crowd.ask("p0", SeekFilter(), "", 0.0)
    room = crowd.servers.play_house_bot("p0")["room"]
    assert told(crowd.questions.pop("p0"))["room"] == room
    crowd.ask("p1", SeekFilter(), "", 0.0)
    crowd.servers.round()
    assert crowd.servers.store.index.match_of("p1") is None


def test_more_matches_than_are_made_at_once_are_all_made_in_one_round(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matchmaker, "GROUPS_AT_ONCE", 2)
    for name in PEOPLE[:11]:
        crowd.ask(name, SeekFilter(), "", 0.0)
    crowd.match()
    assert len(crowd.room_of) == 10


class Making:
    """A match of p0 and p1 that the main server is about to open."""

    def __init__(self, servers: Servers) -> None:
        servers.held = []
        self.servers = servers
        self.questions = [servers.matchmaker.seek(name, SeekFilter(), "", FOREVER_S) for name in ("p0", "p1")]
        servers.timers.begin(servers.matchmaker.run())
        ((self.wanted, self.held),) = servers.held


def test_who_cancels_while_the_match_is_being_made_gets_its_room() -> None:
    servers = Servers()
    making = Making(servers)
    cancelling = servers.timers.begin(servers.matchmaker.cancel("p0"))
    servers.timers.run()
    assert not cancelling.settled, "it is too late to cancel"
    making.held.answer(servers.opened(making.wanted))
    servers.timers.run()
    room = told(cancelling)["room"]
    assert room is not None
    assert room == servers.store.index.match_of("p0")
    assert {told(question)["room"] for question in making.questions if isinstance(question, Later)} == {room}


def test_who_cancels_while_a_match_is_being_made_that_is_refused_waits_no_more() -> None:
    servers = Servers()
    making = Making(servers)
    cancelling = servers.timers.begin(servers.matchmaker.cancel("p0"))
    making.held.fail(Busy("the servers have their most rooms"))
    servers.timers.advance(REFUSED_RETRY_S)
    assert not told(cancelling)["waiting"]
    cancelled, waits = making.questions
    assert isinstance(cancelled, Later)
    assert isinstance(waits, Later)
    assert not told(cancelled)["waiting"]
    assert not waits.settled
    assert servers.matchmaker.waiting == 1


def test_a_slow_main_server_holds_up_no_other_answer() -> None:
    servers = Servers()
    making = Making(servers)
    state = servers.matchmaker.seek("p2", SeekFilter(), "", 0.0)
    assert isinstance(state, dict)
    waits = servers.matchmaker.seek("p3", SeekFilter(), "", SHORTLY_S)
    assert isinstance(waits, Later)
    servers.timers.advance(SHORTLY_S + TICK_S)
    assert told(waits)["waiting"]
    assert not told(servers.timers.begin(servers.matchmaker.cancel("p3")))["waiting"]
    assert not making.held.settled


def asked_for(crowd: Crowd, name: str) -> tuple[str, float]:
    """The ticket of somebody who has waited until the house bot is offered."""
    question = crowd.servers.matchmaker.seek(name, SeekFilter(), "", FOREVER_S)
    assert isinstance(question, Later)
    crowd.pass_time(PATIENT_S + TICK_S)
    heard = told(question)
    assert heard["house_bot"]
    assert PATIENT_S <= heard["waited_s"] <= PATIENT_S + TICK_S
    return heard["ticket"], heard["waited_s"]
