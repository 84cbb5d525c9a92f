"""Ticks of service time and the commands that they make due, with real commits and a clock by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from game.context import Limits
from game.rooms.commands import SYSTEM, Create, Due, Join, Rematch
from server.log.entries import Epoch
from server.log.journal.file import open_journal
from server.log.room_stream import room_stream
from server.log.service_stream import THE_SERVICE
from server.log.streams import Streams
from server.main.timers import LOADED_AT_ONCE, WRITTEN_EVERY_MS, run_timers
from server.rooms.ids import system_request
from server.rooms.room_store import RoomStore
from server.rooms.service_clock import LONGEST_STEP_S, TICK_S
from server.runtime.effects import Await, Effects
from server.runtime.retries import Retries
from tests.server.alone import HeldBack, committer_of
from tests.server.timers_by_hand import TimersByHand, result_of
from wire.errors import StorageFailed, TicTacToeError
from wire.later import Later, failed

TEN_S = 10.0


class Term:
    """The parts of a primary's term that timers need."""

    def __init__(self, folder: Path, number: int = 1) -> None:
        streams = Streams(Limits(people=10))
        self.timers = TimersByHand()
        self.journal = open_journal(folder / "journal.db")
        self.journal.begin_term(Epoch(number, "me"))
        self.store = RoomStore(streams, self.journal, self.timers, self.timers.clock)
        self.store.load()
        self.replication = HeldBack()
        self.committer = committer_of(streams, self.store, self.journal, self.timers, self.replication)
        self.retries = Retries("timer commands not committed")
        self.ticks: list[tuple[int, bool]] = []
        self.refused: dict[str, TicTacToeError] = {}  # streams of which commands fail
        self.submitted: list[tuple[str, Any]] = []

    def begin(self) -> None:
        timers = run_timers(
            self.store, system_request, self.retries, on_tick=lambda at, is_done: self.ticks.append((at, is_done))
        )
        self.timers.begin(timers, self)

    # -- the commit lock, which notes what is submitted --

    def submit(self, stream: str, command: Any) -> Later:
        self.submitted.append((stream, command))
        error = self.refused.get(stream)
        return failed(error) if error is not None else self.committer.submit(stream, command)

    def locked(self, effects: Effects[Any]) -> Later:
        return self.committer.locked(effects)

    # -- rooms --

    def do(self, room: str, *commands: Any) -> None:
        for command in commands:
            result_of(self.committer.submit(room_stream(room), command))

    def play(self, room: str) -> None:
        """Begin a game of ten seconds for each player."""
        create = Create("ann", f"create-{room}", "", "tictactoe", {}, 0, "10s")
        self.do(room, create, Join("ann", f"ann-{room}", "player"), Join("bob", f"bob-{room}", "player"))

    @property
    def was_done(self) -> list[bool]:
        """Whether all that was due at the last tick was done."""
        return [is_done for _, is_done in self.ticks[-1:]]

    def is_playing(self, room: str) -> bool:
        return self.store.room(room).phase == "playing"


@pytest.fixture
def term(tmp_path: Path) -> Iterator[Term]:
    term = Term(tmp_path)
    yield term
    term.journal.close()


def test_service_time_advances_at_each_tick(term: Term) -> None:
    term.begin()
    term.timers.advance(10.5 * TICK_S)
    assert [at for at, _ in term.ticks] == pytest.approx([100 * number for number in range(1, 11)], abs=1)
    assert all(is_done for _, is_done in term.ticks)


def test_a_tick_waits_for_the_commit_lock_and_a_long_wait_costs_no_player_more_than_a_step(term: Term) -> None:
    work = Later()

    def hold() -> Effects[None]:
        yield Await(work)

    term.begin()
    term.committer.locked(hold())
    term.timers.advance(60.0)
    assert term.ticks == []
    work.answer(None)
    assert term.ticks == [(int(1000 * LONGEST_STEP_S), True)]
    term.timers.advance(1.01 * TICK_S)
    assert len(term.ticks) == 2


def test_without_a_timer_of_a_room_nothing_is_written(term: Term) -> None:
    term.begin()
    last = term.journal.last
    term.timers.advance(60.0)
    assert term.journal.last == last


def test_with_a_timer_of_a_room_service_time_is_written_every_so_often(term: Term) -> None:
    """A takeover must not give back more time than this."""
    term.play("abcd")
    term.begin()
    term.timers.advance(TEN_S - 0.5)
    assert term.store.service.at >= 1000 * (TEN_S - 0.5) - WRITTEN_EVERY_MS - 1000 * TICK_S
    assert 7 <= len(term.submitted) <= 10


def test_a_flag_falls_at_its_time_and_once(term: Term) -> None:
    term.play("abcd")
    term.begin()
    term.timers.advance(TEN_S - TICK_S)
    assert term.is_playing("abcd")
    term.timers.advance(2 * TICK_S)
    assert not term.is_playing("abcd")
    assert term.store.timers.take_due(10**9) == []
    term.timers.advance(TEN_S)
    assert sum(isinstance(command, Due) for _, command in term.submitted) == 1


def test_the_timer_of_the_next_game_counts_from_its_beginning(term: Term) -> None:
    term.play("abcd")
    term.begin()
    term.timers.advance(TEN_S + TICK_S)
    term.do("abcd", Rematch("ann", "again-1"), Rematch("bob", "again-2"))
    due_at = term.store.room("abcd").due_at
    assert due_at == pytest.approx(term.store.service_clock.now() + 1000 * TEN_S, abs=1)
    term.timers.advance(TEN_S + TICK_S)
    assert sum(isinstance(command, Due) for _, command in term.submitted) == 2


def test_a_change_during_the_commit_of_a_due_command_keeps_its_own_timer(term: Term) -> None:
    """Otherwise the flag of the next game would never fall, and with the time up nobody could move either."""
    term.play("abcd")
    term.begin()
    term.refused[THE_SERVICE] = StorageFailed("so that the due command is the first to be held back")
    term.timers.advance(TEN_S - TICK_S)
    term.replication.hold()
    term.timers.advance(2 * TICK_S)
    assert isinstance(term.submitted[-1][1], Due)
    for name in ("ann", "bob"):
        term.committer.submit(room_stream("abcd"), Rematch(name, f"again-{name}"))
    term.replication.let_go()
    term.timers.advance(2 * TICK_S)
    assert term.is_playing("abcd")
    assert term.store.timers.take_due(10**9) == ["abcd"]


def test_a_failing_command_keeps_no_other_from_its_time_and_is_tried_at_the_next_tick(term: Term) -> None:
    term.play("aaaa")
    term.play("bbbb")
    term.begin()
    term.refused[room_stream("aaaa")] = StorageFailed("the disk is full")
    term.timers.advance(TEN_S + TICK_S)
    assert term.is_playing("aaaa")
    assert not term.is_playing("bbbb")
    assert term.was_done == [False]
    assert [*term.retries.codes] == [StorageFailed.code]
    attempts = len(term.submitted)
    term.timers.advance(1.01 * TICK_S)
    assert room_stream("aaaa") in [stream for stream, _ in term.submitted[attempts:]]
    term.refused.clear()
    term.timers.advance(1.01 * TICK_S)
    assert not term.is_playing("aaaa")
    assert term.was_done == [True]
    assert term.retries.trouble is None


def test_rooms_of_earlier_terms_are_loaded_a_few_at_a_time_and_their_flags_fall(tmp_path: Path) -> None:
    earlier = Term(tmp_path)
    rooms = [f"r{number:03}" for number in range(LOADED_AT_ONCE + 5)]
    for room in rooms:
        earlier.play(room)
    earlier.journal.close()
    term = Term(tmp_path, number=2)
    assert len(term.store.cache.rooms) == 0
    term.begin()
    term.timers.advance(1.01 * TICK_S)
    assert len(term.store.cache.rooms) == LOADED_AT_ONCE
    term.timers.advance(1.01 * TICK_S)
    assert len(term.store.cache.rooms) == len(rooms)
    term.timers.advance(TEN_S)
    assert [room for room in rooms if term.is_playing(room)] == []
    assert all(command.by == SYSTEM for _, command in term.submitted if isinstance(command, Due))
    term.journal.close()
