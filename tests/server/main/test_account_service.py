"""Names over time: crowds that claim, leave, come back, keep, recover and sit, on a real journal and a clock by hand.

What must hold however it goes: no two people have names that look alike, nobody held loses a name, and what is let go
can be had by the next one.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from game.accounts.lookalikes import skeletons
from game.context import Limits
from game.errors import (
    BadToken,
    InvalidArgument,
    NameTaken,
    NameTooSimilar,
    Refusal,
    WrongCode,
)
from game.rooms.commands import Close, Create, Join
from server.log.entries import Epoch
from server.log.journal.file import open_journal
from server.log.journal.journal import Journal
from server.log.name_stream import name_stream
from server.log.room_stream import room_stream
from server.log.streams import Streams
from server.main import account_service
from server.main.account_service import AccountService
from server.rooms.room_store import RoomStore
from server.runtime.effects import Effects
from server.settings import Settings
from tests.examples import examples
from tests.server.alone import HeldBack, committer_of
from tests.server.timers_by_hand import TimersByHand, result_of
from wire.errors import Busy, NotReady
from wire.later import Later

GRACE_S = 100.0
LIMITS = Settings(
    name_grace_s=GRACE_S, max_names=20, max_names_per_host=4, max_new_names_per_host_per_hour=6, max_kept_names=9
)
STREAMS = Streams(Limits(people=10))


class Names:
    """The account service. Its procedures run to their end."""

    def __init__(self, accounts: AccountService, run: Callable[[Effects[Any]], Any]) -> None:
        self.identify = accounts.identify
        self._accounts = accounts
        self._run = run

    def claim(self, name: str, token_hash: str, host: str = "") -> Mapping[str, object]:
        return self._run(self._accounts.claim(name, token_hash, host))  # type: ignore[no-any-return]

    def reserve(self, token_hash: str, code_hash: str, host: str = "") -> Mapping[str, object]:
        return self._run(self._accounts.reserve(token_hash, code_hash, host))  # type: ignore[no-any-return]

    def recover(self, name: str, code_hash: str, token_hash: str) -> Mapping[str, object]:
        return self._run(self._accounts.recover(name, code_hash, token_hash))  # type: ignore[no-any-return]

    def release_expired(self) -> None:
        self._run(self._accounts.release_expired())


class MainServer:
    """The parts of a main server that names pass through, from one takeover to the next."""

    def __init__(self, folder: Path) -> None:
        self.timers = TimersByHand()
        self._folder = folder
        self._terms = itertools.count(1)
        self.begin_term()

    def begin_term(self) -> None:
        """A new term, on the same journal."""
        self.journal: Journal = open_journal(self._folder / "journal.db")
        self.journal.begin_term(Epoch(next(self._terms), "me"))
        self.store = RoomStore(STREAMS, self.journal, self.timers, self.timers.clock)
        self.store.load()
        self.replication = HeldBack()
        self.committer = committer_of(STREAMS, self.store, self.journal, self.timers, self.replication)
        self.accounts = AccountService(self.store, LIMITS, self.timers.clock)
        self.names = Names(self.accounts, lambda effects: self.timers.result(effects, self.committer))

    @property
    def time(self) -> float:
        return self.timers.now

    @time.setter
    def time(self, now: float) -> None:
        self.timers.now = now

    def begin(self, effects: Effects[Any]) -> Later:
        """Begin a procedure, up to the commit that is held back."""
        later = self.timers.begin(effects, self.committer)
        self.timers.run()
        return later

    def take_over(self) -> None:
        """The server dies, and the next one has its journal."""
        self.journal.close()
        self.begin_term()

    def do(self, room: str, command: object) -> None:
        self.submit(room_stream(room), command)

    def submit(self, stream: str, command: object) -> None:
        result_of(self.committer.submit(stream, command))

    def owner(self, name: str) -> str:
        """The token that a name belongs to; empty if it is nobody's."""
        token: str = self.store.state_of(name_stream(name)).token_hash
        return token


@contextmanager
def a_main_server() -> Iterator[MainServer]:
    with tempfile.TemporaryDirectory() as folder:
        server = MainServer(Path(folder))
        yield server
        server.journal.close()


@pytest.fixture
def server() -> Iterator[MainServer]:
    with a_main_server() as server:
        yield server


def test_a_name_is_let_go_when_its_owner_was_not_heard_of_for_the_grace_time(server: MainServer) -> None:
    server.names.claim("Ada", "a")
    for server.time in (0.0, GRACE_S):
        server.names.release_expired()
        assert server.owner("Ada") == "a"
    server.time = GRACE_S + 1
    server.names.release_expired()
    assert server.owner("Ada") == ""
    assert server.store.names.held == 0
    with pytest.raises(BadToken):
        server.names.identify("a")
    assert server.names.claim("ADA", "b") == {"name": "ADA"}
    assert server.names.claim("\u0430dam", "c") == {"name": "\u0430dam"}


def test_any_word_of_the_owner_begins_the_grace_time_anew(server: MainServer) -> None:
    server.names.claim("Ada", "a")
    for word in (
        lambda: server.names.identify("a"),
        lambda: server.names.claim("ada", "a"),
        lambda: server.names.claim("ada", "a"),
    ):
        server.time += GRACE_S
        word()
        server.names.release_expired()
    server.time += GRACE_S
    server.names.release_expired()
    assert server.owner("Ada") == "a"


def test_a_token_whose_name_was_let_go_is_told_so_however_often_it_claimed_before(server: MainServer) -> None:
    for _ in range(3):
        server.names.claim("Ada", "a")
    server.time = GRACE_S + 1
    server.names.release_expired()
    server.names.claim("Ada", "b")
    with pytest.raises(NameTaken):
        server.names.claim("Ada", "a")
    server.time += GRACE_S + 1
    server.names.release_expired()
    assert server.names.claim("Ada", "a") == {"name": "Ada"}, "also when it was refused before"


def test_who_sits_in_an_open_room_keeps_the_name_and_has_the_grace_time_once_it_is_closed(server: MainServer) -> None:
    server.names.claim("Ada", "a")
    server.do("abcd", Create("Ada", "create-1", "", "tictactoe", {}))
    server.do("abcd", Join("Ada", "join-ada-1", "player"))
    for _ in range(3):
        server.time += GRACE_S + 1
        server.names.release_expired()
        assert server.owner("Ada") == "a"
    server.time += GRACE_S / 2
    server.do("abcd", Close("Ada", "close-abcd"))
    server.names.release_expired()
    server.time += GRACE_S
    server.names.release_expired()
    assert server.owner("Ada") == "a"
    server.time += 1
    server.names.release_expired()
    assert server.owner("Ada") == ""


def test_whose_room_is_open_keeps_the_name_or_the_next_one_would_own_the_room(server: MainServer) -> None:
    server.names.claim("Ada", "a")
    server.do("abcd", Create("Ada", "create-1", "", "tictactoe", {}, code="the invite code"))
    for _ in range(2):
        server.time += GRACE_S + 1
        server.names.release_expired()
        server.take_over()
    server.time += GRACE_S + 1
    server.names.release_expired()
    assert server.owner("Ada") == "a"
    server.do("abcd", Close("Ada", "close-abcd"))
    server.names.release_expired()
    server.time += GRACE_S + 1
    server.names.release_expired()
    assert server.owner("Ada") == ""


def test_a_takeover_begins_the_grace_time_anew_for_everybody(server: MainServer) -> None:
    for name in ("Ada", "Bob"):
        server.names.claim(name, name)
    server.time = GRACE_S - 1
    server.take_over()
    server.names.claim("Bob", "Bob")
    server.time += GRACE_S
    server.names.release_expired()
    assert (server.owner("Ada"), server.owner("Bob")) == ("Ada", "Bob")
    server.time += 1
    server.names.release_expired()
    assert (server.owner("Ada"), server.owner("Bob")) == ("", "")
    server.take_over()
    assert server.owner("Ada") == ""
    assert server.names.claim("Ada", "c") == {"name": "Ada"}
    assert server.store.state_of(name_stream("ada")).version == 3


def test_a_round_lets_go_of_so_many_and_no_more(server: MainServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_service, "RELEASED_AT_ONCE", 3)
    for number in range(8):
        server.names.claim(f"guest{number}", str(number))
    server.time = GRACE_S + 1
    left = []
    for _ in range(3):
        server.names.release_expired()
        left.append(server.store.names.held)
    assert left == [5, 2, 0]


def test_a_name_that_is_being_let_go_is_nobody_s_to_use_until_that_is_done(server: MainServer) -> None:
    server.names.claim("Ada", "a")
    server.names.claim("Bob", "b")
    server.time = GRACE_S + 1
    server.names.identify("b")
    server.replication.hold()
    release = server.begin(server.accounts.release_expired())
    for use in (lambda: server.names.identify("a"), lambda: server.names.claim("Ada", "a")):
        with pytest.raises(NotReady):
            use()
    assert server.names.identify("b") == "Bob"
    server.replication.let_go()
    assert release.settled
    with pytest.raises(BadToken):
        server.names.identify("a")


def test_of_two_who_claim_look_alikes_at_once_one_is_told_to_try_again(server: MainServer) -> None:
    server.replication.hold()
    first = server.begin(server.accounts.claim("paypal", "a"))
    for name, token in (("paypa1", "b"), ("PAYPAL", "b"), ("paypal", "b"), ("another", "a")):
        with pytest.raises(NotReady):
            server.names.claim(name, token)
    server.replication.let_go()
    assert result_of(first) == {"name": "paypal"}
    with pytest.raises(NameTooSimilar):
        server.names.claim("paypa1", "b")


def test_look_alikes_from_before_they_were_refused_stay_whose_they_are(server: MainServer) -> None:
    for name, token in (("paypal", "a"), ("paypa1", "b")):
        server.submit(name_stream(name), account_service.names.Claim(name, token))
    server.take_over()
    assert server.names.claim("paypal", "a") == {"name": "paypal"}
    assert server.names.claim("paypa1", "b") == {"name": "paypa1"}
    with pytest.raises(NameTooSimilar):
        server.names.claim("PAYPAI", "c")
    server.time = GRACE_S + 1
    server.names.identify("a")
    server.names.release_expired()
    with pytest.raises(NameTooSimilar):
        server.names.claim("paypa1", "c")


OLD_NAMES = ("House.bot", "pay.pal", "paypal", "a" + "\u0316\u0301" * 9, "abc\u05d0", "\uff21da", "\u0661\u06f1")
"""Names that could be claimed once, and cannot now: some of them look alike."""


def test_names_from_before_the_rules_for_new_ones_stay_their_owners(server: MainServer) -> None:
    for name in OLD_NAMES:
        server.submit(name_stream(name), account_service.names.Claim(name, f"token of {name}"))
    server.take_over()
    for name in OLD_NAMES:
        assert server.names.claim(name, f"token of {name}") == {"name": name}
        assert server.names.identify(f"token of {name}") == name
        assert server.names.reserve(f"token of {name}", f"code of {name}") == {"name": name}
        assert server.names.recover(name, f"code of {name}", f"new token of {name}") == {"name": name}
        assert server.names.claim(name, f"new token of {name}") == {"name": name}


@pytest.mark.parametrize("name", OLD_NAMES[3:5])
def test_a_name_that_cannot_be_claimed_anew_is_gone_once_it_is_free(server: MainServer, name: str) -> None:
    server.submit(name_stream(name), account_service.names.Claim(name, "a"))
    server.time = GRACE_S + 1
    server.names.release_expired()
    with pytest.raises(InvalidArgument):
        server.names.claim(name, "a")


@pytest.mark.parametrize("name", ["House.bot", "house bot", "house-b0t", "h0us3b0t"])
def test_nobody_passes_for_the_house_bot(server: MainServer, name: str) -> None:
    with pytest.raises(NameTaken, match="the house bot's name"):
        server.names.claim(name, "a")


def test_names_that_differ_in_what_stands_between_their_words_look_alike(server: MainServer) -> None:
    server.names.claim("paypal", "a")
    for name in ("pay.pal", "Pay Pal", "p-a-y-p-a-1"):
        with pytest.raises(NameTooSimilar):
            server.names.claim(name, "b")


def test_a_new_name_is_claimed_in_its_plain_form(server: MainServer) -> None:
    assert server.names.claim("\uff21da", "a") == {"name": "Ada"}
    assert server.names.claim("\uff41da", "a") == {"name": "Ada"}


def test_names_are_bounded_held_ones_and_those_that_are_remembered(
    server: MainServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_service, "EVER", 1.5)
    for number in range(LIMITS.max_names):
        server.names.claim(f"guest {number:x}x", f"{number}")
    with pytest.raises(Busy):
        server.names.claim("one more", "one more")
    assert server.names.claim("guest 0x", "0") == {"name": "guest 0x"}
    server.time = GRACE_S + 1
    server.names.release_expired()
    for number in range(LIMITS.max_names // 2):
        server.names.claim(f"other {number:x}x", f"other {number}")
    with pytest.raises(Busy):
        server.names.claim("one more", "one more")
    assert server.names.claim("guest 0x", "1") == {"name": "guest 0x"}, "which is remembered already"


# -- crowds --------------------------------------------------------------------------------------------------------

NAMES = ("ada", "ADA", "\u0430da", "bob", "b0b", "Bob", "AI", "Al", "ai", "zo\u00eb")


@dataclass
class Crowd:
    """People with tokens who do as they are told, and what each of them must find."""

    server: MainServer
    heard: dict[str, float] = field(default_factory=dict)  # token -> when
    names: dict[str, str] = field(default_factory=dict)  # token -> its name, as it was told
    codes: dict[str, str] = field(default_factory=dict)  # name -> its code
    seats: dict[str, str] = field(default_factory=dict)  # room -> name
    rooms: Iterator[int] = field(default_factory=itertools.count)

    def claim(self, token: str, name: str) -> None:
        try:
            given_ = str(self.server.names.claim(name, token)["name"])
        except Refusal:
            return
        self.names[token], self.heard[token] = given_, self.server.time

    def keep(self, token: str, code: str) -> None:
        try:
            name = str(self.server.names.reserve(token, code)["name"])
        except BadToken:
            assert token not in self.names
            return
        except Refusal:
            return
        self.codes[name], self.heard[token] = code, self.server.time

    def recover(self, token: str, name: str, code: str) -> None:
        try:
            name = str(self.server.names.recover(name, code, token)["name"])
        except (Refusal, Busy):
            return
        assert self.codes[name] == code
        self.names = {other: its for other, its in self.names.items() if its != name}
        self.names[token], self.heard[token] = name, self.server.time

    def sit(self, token: str) -> None:
        if token in self.names:
            self.heard[token], name = self.server.time, self.server.names.identify(token)
            room = f"room{next(self.rooms)}"
            self.server.do(room, Create(name, "create-it", "", "tictactoe", {}))
            self.server.do(room, Join(name, "join-here", "player"))
            self.seats[room] = name

    def stand_up(self) -> None:
        for room, name in list(self.seats.items())[:1]:
            self.server.do(room, Close(name, "close-it1"))
            del self.seats[room]
            self.heard.update({token: self.server.time for token, its in self.names.items() if its == name})

    def pass_time(self, seconds: float) -> None:
        self.server.time += seconds
        self.server.names.release_expired()
        self.look()

    def take_over(self) -> None:
        self.server.take_over()
        self.heard = dict.fromkeys(self.heard, self.server.time)

    def look(self) -> None:
        """Nobody held has lost a name; who was let go knows it from now on."""
        for token, name in list(self.names.items()):
            held = name in self.seats.values() or name in self.codes
            if held or self.server.time - self.heard[token] <= GRACE_S:
                assert self.server.owner(name) == token, f"{name} was held"
            elif self.server.owner(name) != token:
                del self.names[token]

    def check(self) -> None:
        """What must always be so."""
        owned = self.server.store.names.held_names()
        looks = [look for name in owned for look in skeletons(name)]
        assert len(looks) == len(set(looks)), f"look-alikes among {owned}"
        assert len({self.server.owner(name) for name in owned}) == len(owned)
        for token, name in self.names.items():
            assert self.server.owner(name) == token


TOKENS = st.sampled_from("tuvwxyz")
CODES = st.sampled_from("cde")
STEPS = st.one_of(
    st.tuples(st.just(Crowd.claim), TOKENS, st.sampled_from(NAMES)),
    st.tuples(st.just(Crowd.claim), TOKENS, st.sampled_from(NAMES)),
    st.tuples(st.just(Crowd.keep), TOKENS, CODES),
    st.tuples(st.just(Crowd.recover), TOKENS, st.sampled_from(NAMES), CODES),
    st.tuples(st.just(Crowd.sit), TOKENS),
    st.tuples(st.just(Crowd.stand_up)),
    st.tuples(st.just(Crowd.pass_time), st.sampled_from([1.0, GRACE_S / 2, GRACE_S + 1.0])),
    st.tuples(st.just(Crowd.pass_time), st.sampled_from([1.0, GRACE_S / 2, GRACE_S + 1.0])),
    st.tuples(st.just(Crowd.take_over)),
)


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=5, max_size=40))
def test_in_any_crowd_names_are_unique_held_ones_stay_and_the_others_are_free(
    steps: list[tuple[Callable[..., None], ...]],
) -> None:
    with a_main_server() as server:
        crowd = Crowd(server)
        for step, *arguments in steps:
            step(crowd, *arguments)
            crowd.check()
        for room in list(crowd.seats):
            crowd.stand_up()
            assert room not in crowd.seats
        for _ in range(2):
            crowd.pass_time(GRACE_S + 1)
        assert set(server.store.names.held_names()) == {name for name in crowd.codes if server.owner(name)}
        for name in NAMES:
            with suppress(NameTaken):
                server.names.claim(name, f"new {name}")
            assert server.owner(name) or any(
                not set(skeletons(name)).isdisjoint(skeletons(held)) for held in server.store.names.held_names()
            )


def test_a_wrong_code_costs_the_name_nothing(server: MainServer) -> None:
    server.names.claim("Ada", "a")
    server.names.reserve("a", "code")
    for _ in range(3):
        with pytest.raises(WrongCode):
            server.names.recover("Ada", "other", "b")
    assert server.owner("Ada") == "a"
