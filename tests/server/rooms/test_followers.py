"""Readers of everything are answered soon after a quiet time, and else together, at most every ``PAUSE_S``."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest

from game.errors import NoSuchRoom
from server.rooms.followers import PAUSE_S, Followers
from server.rooms.long_poll import TICK_S
from tests.server.timers_by_hand import TimersByHand, result_of
from wire.later import Later

LONG_S = 30.0
LOBBY, OTHER = "lobby", "other"


class Lobby:
    """A lobby with a revision, and its followers."""

    def __init__(self) -> None:
        self.timers = TimersByHand(now=1000.0)
        self.followers = Followers(self._read, self.timers, self.timers.clock)
        self.revision = 0
        self.reads = 0

    def wait(self, after: int = 0, timeout_s: float = LONG_S) -> Later:
        return self.followers.wait(LOBBY, after, timeout_s, has_news=self.revision > after)

    def change(self) -> None:
        self.revision += 1
        self.followers.notify(LOBBY)

    def hurry(self) -> None:
        self.followers.hurry(LOBBY)

    def _read(self, followed: str, _after: Any) -> Mapping[str, Any]:
        self.reads += 1
        if followed != LOBBY:
            raise NoSuchRoom("there is no such room")
        return {"revision": self.revision}


def revision_of(later: Later) -> Any:
    return result_of(later)["revision"]


@pytest.fixture
def lobby() -> Lobby:
    return Lobby()


def test_the_first_change_after_a_quiet_time_is_answered_soon_and_never_in_the_commit(lobby: Lobby) -> None:
    later = lobby.wait()
    lobby.change()
    assert not later.settled
    lobby.timers.run()
    assert revision_of(later) == 1


def test_changes_are_answered_together_at_most_every_pause(lobby: Lobby) -> None:
    answered: list[tuple[float, int]] = []

    def follow(after: int) -> None:
        def again(news: Any, _error: object) -> None:
            answered.append((lobby.timers.now, news.value["revision"]))
            follow(news.value["revision"])

        lobby.wait(after).then(again)

    follow(0)
    for _ in range(100):
        lobby.change()
        lobby.timers.advance(PAUSE_S / 10)
    lobby.timers.advance(PAUSE_S)
    assert answered[0] == (1000.0, 1)
    assert answered[-1][1] == 100
    pauses = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(answered)]
    assert 8 <= len(pauses) <= 11
    assert min(pauses) > PAUSE_S * 0.999


def test_the_last_change_is_answered_without_a_further_one(lobby: Lobby) -> None:
    lobby.wait()
    lobby.change()
    lobby.timers.run()
    later = lobby.wait(after=1)
    lobby.change()
    lobby.timers.advance(PAUSE_S)
    assert revision_of(later) == 2


def test_a_hurried_round_comes_without_a_pause_and_the_round_after_it_does_not(lobby: Lobby) -> None:
    lobby.wait()
    lobby.change()
    lobby.timers.run()
    later = lobby.wait(after=1)
    lobby.change()
    lobby.timers.run()
    assert not later.settled
    lobby.hurry()
    assert not later.settled, "never in the commit"
    lobby.timers.run()
    assert revision_of(later) == 2
    reads = lobby.reads
    after = lobby.wait(after=2)
    lobby.change()
    lobby.timers.run()
    assert not after.settled
    lobby.timers.advance(PAUSE_S)
    assert revision_of(after) == 3
    assert lobby.reads == reads + 1


def test_a_change_without_readers_costs_nothing(lobby: Lobby) -> None:
    lobby.change()
    assert lobby.timers._actions == []


def test_a_reader_of_something_else_waits_on(lobby: Lobby) -> None:
    other, here = lobby.followers.wait(OTHER, 0, LONG_S, has_news=False), lobby.wait()
    lobby.change()
    lobby.timers.advance(PAUSE_S)
    assert here.settled
    assert not other.settled
    assert lobby.reads == 1


def test_a_hurried_round_answers_the_readers_of_everything_that_has_changed(lobby: Lobby) -> None:
    lobby.wait()
    lobby.change()
    lobby.timers.run()
    later = lobby.wait(after=1)
    lobby.change()
    lobby.followers.hurry(OTHER)
    lobby.timers.run()
    assert revision_of(later) == 2


def test_a_wait_for_which_there_is_news_already_is_answered_soon(lobby: Lobby) -> None:
    lobby.change()
    later = lobby.wait()
    lobby.timers.run()
    assert revision_of(later) == 1


def test_without_news_a_wait_ends_when_its_time_is_up(lobby: Lobby) -> None:
    later = lobby.wait(timeout_s=2.0)
    lobby.timers.advance(1.9)
    assert not later.settled
    lobby.timers.advance(0.1 + TICK_S)
    assert revision_of(later) == 0
    lobby.change()
    lobby.timers.run()
    assert lobby.reads == 1, "once"


def test_the_timer_of_an_answered_wait_does_nothing(lobby: Lobby) -> None:
    lobby.wait(timeout_s=2.0)
    lobby.change()
    lobby.timers.advance(10.0)
    assert lobby.reads == 1


def test_an_abandoned_wait_is_not_answered(lobby: Lobby) -> None:
    later = lobby.wait(timeout_s=2.0)
    later.abandon()
    lobby.change()
    lobby.timers.advance(10.0)
    assert not later.settled
    assert lobby.reads == 0


def test_an_error_is_the_answer_to_the_wait_that_it_concerns(lobby: Lobby) -> None:
    failed, other = lobby.followers.wait(OTHER, 0, LONG_S, has_news=True), lobby.wait()
    lobby.change()
    lobby.timers.run()
    with pytest.raises(NoSuchRoom):
        result_of(failed)
    assert revision_of(other) == 1


def test_at_the_end_all_are_answered_soon(lobby: Lobby) -> None:
    laters = [lobby.wait(), lobby.wait(after=9)]
    lobby.followers.end()
    lobby.timers.run()
    assert [revision_of(later) for later in laters] == [0, 0]


def test_a_caller_that_waits_for_the_readers_ends_the_pause(lobby: Lobby) -> None:
    lobby.wait()
    lobby.change()
    lobby.timers.run()
    later = lobby.wait(after=1)
    lobby.change()
    lobby.timers.run()
    assert not later.settled
    lobby.hurry()
    lobby.timers.run()
    assert revision_of(later) == 2


def test_a_reader_that_comes_late_is_answered_without_a_pause_once_a_caller_waits(lobby: Lobby) -> None:
    lobby.wait()
    lobby.change()
    lobby.timers.run()
    lobby.change()
    lobby.hurry()
    later = lobby.wait(after=1)
    lobby.timers.run()
    assert revision_of(later) == 2
