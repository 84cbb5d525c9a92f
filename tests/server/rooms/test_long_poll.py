"""Long polls are answered when there is news, when their time is up, and at the end; an abandoned one is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from game.errors import NoSuchRoom
from server.rooms.long_poll import AT_ONCE, TICK_S, LongPolls
from tests.server.timers_by_hand import TimersByHand, result_of
from wire.later import Later

LONG_S = 100.0


class Rooms:
    """The events of rooms, and how often they were read."""

    def __init__(self) -> None:
        self.read: list[tuple[str, int]] = []
        self.versions = {"a": 1, "b": 1}

    def news(self, room: str, after_version: int) -> Mapping[str, Any]:
        self.read.append((room, after_version))
        if room not in self.versions:
            raise NoSuchRoom("there is no such room")
        return {"room": room, "events": list(range(after_version + 1, self.versions[room] + 1))}


@pytest.fixture
def rooms() -> Rooms:
    return Rooms()


@pytest.fixture
def timers() -> TimersByHand:
    return TimersByHand()


@pytest.fixture
def long_polls(rooms: Rooms, timers: TimersByHand) -> LongPolls:
    return LongPolls(rooms.news, timers, timers.clock)


def events_of(later: Later) -> Any:
    return result_of(later)["events"]


def test_all_waits_of_a_room_are_answered_and_no_others(
    long_polls: LongPolls, rooms: Rooms, timers: TimersByHand
) -> None:
    here = [long_polls.wait("a", 1, LONG_S) for _ in range(3)]
    elsewhere = long_polls.wait("b", 1, LONG_S)
    assert long_polls.waiting == 4
    rooms.versions["a"] = 2
    long_polls.notify(["a"])
    timers.run()
    assert [events_of(later) for later in here] == [[2]] * 3
    assert not elsewhere.settled
    assert not long_polls.has_waiter("a")
    assert long_polls.has_waiter("b")
    assert long_polls.waiting == 1


def test_a_commit_waits_for_no_answer_to_a_long_poll(long_polls: LongPolls, rooms: Rooms, timers: TimersByHand) -> None:
    later = long_polls.wait("a", 1, LONG_S)
    long_polls.notify(["a"])
    assert not later.settled
    assert rooms.read == []
    timers.run()
    assert later.settled


def test_other_work_runs_between_the_answers_to_very_many(long_polls: LongPolls, timers: TimersByHand) -> None:
    laters = [long_polls.wait("a", 1, LONG_S) for _ in range(3 * AT_ONCE + 1)]
    answered: list[int] = []

    def count() -> None:
        answered.append(sum(later.settled for later in laters))
        if answered[-1] < len(laters):
            timers.soon(count)

    long_polls.notify(["a"])
    timers.soon(count)
    timers.run()
    assert answered == [AT_ONCE, 2 * AT_ONCE, 3 * AT_ONCE, 3 * AT_ONCE + 1]


def test_the_answer_for_many_is_made_once(long_polls: LongPolls, rooms: Rooms, timers: TimersByHand) -> None:
    laters = [long_polls.wait("a", after, LONG_S) for after in (1, 1, 0, 1)]
    rooms.versions["a"] = 2
    long_polls.notify(["a"])
    timers.run()
    assert [events_of(later) for later in laters] == [[2], [2], [1, 2], [2]]
    assert sorted(rooms.read) == [("a", 0), ("a", 1)]
    assert laters[0].value is laters[3].value


def test_without_news_a_wait_ends_when_its_time_is_up(
    long_polls: LongPolls, rooms: Rooms, timers: TimersByHand
) -> None:
    long, short = long_polls.wait("a", 1, LONG_S), long_polls.wait("a", 1, 10.01)
    timers.advance(10.0)
    assert not short.settled
    timers.advance(0.01 + TICK_S)
    assert events_of(short) == []
    assert not long.settled
    assert long_polls.waiting == 1
    rooms.versions["a"] = 2
    long_polls.notify(["a"])
    timers.run()
    assert events_of(long) == [2]


def test_waits_that_end_at_about_the_same_time_share_a_timer(long_polls: LongPolls, timers: TimersByHand) -> None:
    laters = [long_polls.wait(room, 1, 10.0 + number * TICK_S / 100) for number, room in enumerate("abababab", 1)]
    assert len(timers._actions) == 1
    timers.advance(10.0 + TICK_S)
    assert all(later.settled for later in laters)


def test_a_shorter_wait_that_comes_later_ends_earlier(long_polls: LongPolls, timers: TimersByHand) -> None:
    ended: list[str] = []
    for name, seconds in (("long", 9.0), ("short", 3.0), ("middle", 6.0)):
        long_polls.wait("a", 1, seconds).then(lambda _value, _error, name=name: ended.append(name))  # type: ignore[misc]
    timers.advance(10.0)
    assert ended == ["short", "middle", "long"]


def test_a_timer_that_fires_a_little_early_ends_the_wait(long_polls: LongPolls, timers: TimersByHand) -> None:
    """The clock of the event loop may have coarser steps than the clock of waits."""
    later = long_polls.wait("a", 1, 1.0)
    long_polls._clock = lambda: timers.now - TICK_S / 20
    timers.advance(1.0 + TICK_S)
    assert later.settled


def test_an_abandoned_wait_is_not_answered(long_polls: LongPolls, rooms: Rooms, timers: TimersByHand) -> None:
    gone, here = long_polls.wait("a", 1, LONG_S), long_polls.wait("a", 1, LONG_S)
    gone.abandon()
    gone.abandon()
    long_polls.notify(["a"])
    timers.run()
    assert result_of(here)["room"] == "a"
    assert not gone.settled
    assert not long_polls.has_waiter("a")
    assert rooms.read == [("a", 1)]


def test_of_a_room_without_waits_nothing_is_kept(long_polls: LongPolls, timers: TimersByHand) -> None:
    long_polls.wait("a", 1, LONG_S).abandon()
    assert not long_polls.has_waiter("a")
    assert long_polls.waiting == 0
    timers.advance(LONG_S + TICK_S)
    assert (long_polls._waiting, long_polls._due) == ({}, {})


def test_at_the_end_all_are_answered_and_from_then_on_each_at_once(long_polls: LongPolls, timers: TimersByHand) -> None:
    before = [long_polls.wait("a", 1, LONG_S) for _ in range(2 * AT_ONCE + 1)]
    long_polls.end()  # the event loop may end before anything else runs in it
    assert [events_of(later) for later in before] == [[]] * len(before)
    timers.run()
    after = long_polls.wait("a", 1, LONG_S)
    timers.run()
    assert events_of(after) == []


def test_an_error_is_the_answer_to_those_that_it_concerns(
    long_polls: LongPolls, rooms: Rooms, timers: TimersByHand
) -> None:
    gone, here = long_polls.wait("gone", 1, LONG_S), long_polls.wait("a", 1, LONG_S)
    rooms.versions["a"] = 2
    long_polls.notify(["gone", "a"])
    timers.run()
    with pytest.raises(NoSuchRoom):
        result_of(gone)
    assert events_of(here) == [2]


def test_followers_that_wait_again_at_once_see_every_event(
    long_polls: LongPolls, rooms: Rooms, timers: TimersByHand
) -> None:
    seen: list[list[int]] = [[] for _ in range(8)]

    def follow(events: list[int]) -> None:
        def answered(value: Any, _error: Any) -> None:
            events.extend(value.value["events"])
            if not events or events[-1] < 50:
                follow(events)

        long_polls.wait("a", events[-1] if events else 1, 0.05).then(answered)

    for events in seen:
        follow(events)
    for version in range(2, 51):
        rooms.versions["a"] = version
        long_polls.notify(["a"])
        timers.advance(0.03)
    timers.advance(1.0)
    assert seen == [list(range(2, 51))] * 8
