"""Who waits for news is told: when there are some, when time is up, at the end; and whoever left is not."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from game.errors import NoSuchRoom
from server.rooms.long_poll import LongPolls
from tests.conditions import PATIENCE_S
from wire.errors import InternalError
from wire.later import Later, Shared, now

LONG_S = PATIENCE_S


class Rooms:
    """What happened, and how often somebody asked for it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.versions = {"a": 1, "b": 1}

    def news(self, room: str, after_version: int) -> Mapping[str, Any]:
        self.asked.append((room, after_version))
        if room not in self.versions:
            raise NoSuchRoom("there is no such room")
        return {"room": room, "events": list(range(after_version + 1, self.versions[room] + 1))}


@pytest.fixture
def rooms() -> Rooms:
    return Rooms()


@pytest.fixture
def long_polls(rooms: Rooms) -> LongPolls:
    return LongPolls(rooms.news)


def told(later: Later) -> Any:
    answer = now(later)
    return answer.value if isinstance(answer, Shared) else answer


def test_all_who_wait_in_a_room_are_told_and_nobody_elsewhere(long_polls: LongPolls, rooms: Rooms) -> None:
    here = [long_polls.wait("a", 1, LONG_S) for _ in range(3)]
    elsewhere = long_polls.wait("b", 1, LONG_S)
    rooms.versions["a"] = 2
    long_polls.notify(["a"])
    assert [told(later)["events"] for later in here] == [[2]] * 3
    assert not elsewhere.settled
    assert not long_polls.has_waiter("a")
    assert long_polls.has_waiter("b")


def test_what_many_are_told_is_made_once(long_polls: LongPolls, rooms: Rooms) -> None:
    laters = [long_polls.wait("a", seen, LONG_S) for seen in (1, 1, 0, 1)]
    rooms.versions["a"] = 2
    long_polls.notify(["a"])
    assert [told(later)["events"] for later in laters] == [[2], [2], [1, 2], [2]]
    assert sorted(rooms.asked) == [("a", 0), ("a", 1)]
    assert laters[0].value is laters[3].value


def test_without_news_the_wait_ends_when_its_time_is_up(long_polls: LongPolls, rooms: Rooms) -> None:
    long, short = long_polls.wait("a", 1, LONG_S), long_polls.wait("a", 1, 0.01)
    assert told(short)["events"] == []
    assert not long.settled
    rooms.versions["a"] = 2
    long_polls.notify(["a"])
    assert told(long)["events"] == [2]


def test_who_left_is_not_waited_for_any_more(long_polls: LongPolls, rooms: Rooms) -> None:
    gone, here = long_polls.wait("a", 1, LONG_S), long_polls.wait("a", 1, LONG_S)
    gone.abandon()
    gone.abandon()
    long_polls.notify(["a"])
    assert told(here)["room"] == "a"
    assert not gone.settled
    assert not long_polls.has_waiter("a")
    assert rooms.asked == [("a", 1)]


def test_in_the_end_all_are_told_also_who_comes_then(long_polls: LongPolls) -> None:
    before = long_polls.wait("a", 1, LONG_S)
    long_polls.end()
    assert told(before)["events"] == []
    assert told(long_polls.wait("a", 1, LONG_S))["events"] == []


def test_an_error_is_told_to_those_whom_it_concerns(long_polls: LongPolls, rooms: Rooms) -> None:
    gone, here = long_polls.wait("gone", 1, LONG_S), long_polls.wait("a", 1, LONG_S)
    rooms.versions["a"] = 2
    long_polls.notify(["gone", "a"])
    with pytest.raises(NoSuchRoom):
        now(gone)
    assert told(here)["events"] == [2]


def test_a_fault_of_ours_is_an_error_to_whom_it_concerns_and_the_others_are_told_as_before(rooms: Rooms) -> None:
    def news(room: str, after_version: int) -> Mapping[str, Any]:
        if room == "broken":
            raise ZeroDivisionError
        return rooms.news(room, after_version)

    long_polls = LongPolls(news)
    broken = long_polls.wait("broken", 1, LONG_S)
    long_polls.notify(["broken"])
    with pytest.raises(InternalError):
        now(broken)
    here = long_polls.wait("a", 1, LONG_S)
    long_polls.notify(["a"])
    assert told(here)["room"] == "a"


def test_many_come_and_are_told_at_the_same_time(long_polls: LongPolls, rooms: Rooms) -> None:
    seen: list[int] = []

    def follow() -> None:
        version = 0
        while version < 50:
            events = told(long_polls.wait("a", version, 0.05))["events"]
            version = events[-1] if events else version
        seen.append(version)

    threads = [threading.Thread(target=follow) for _ in range(8)]
    for thread in threads:
        thread.start()
    for version in range(2, 51):
        rooms.versions["a"] = version
        long_polls.notify(["a"])
    for thread in threads:
        thread.join(LONG_S)
    assert seen == [50] * 8
