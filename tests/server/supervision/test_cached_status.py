"""The status for clients: however many ask at once, it is read once, and again only when it is old."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from server.supervision import status as of_status
from server.supervision.status import FRESH_S, CachedStatus
from tests.server.timers_by_hand import result_of
from wire.errors import Forbidden
from wire.later import Later


class Reading:
    """Stands where the reader and its thread are: a read ends when the test ends it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.begun: list[Later] = []

    def snapshot(self) -> dict[str, object]:
        raise AssertionError("not read in this thread")

    def in_thread(self, _work: Callable[[], object]) -> Later:
        self.begun.append(Later())
        return self.begun[-1]


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    reading = Reading()
    monkeypatch.setattr(of_status, "time", SimpleNamespace(monotonic=lambda: reading.now))
    return reading


@pytest.fixture
def cached(reading: Reading) -> CachedStatus:
    return CachedStatus(reading, reading.in_thread)  # type: ignore[arg-type]


def test_however_many_ask_and_however_long_it_takes_it_is_read_once(reading: Reading, cached: CachedStatus) -> None:
    answers = []
    for _ in range(3):
        answers.append(cached.read())
        reading.now += FRESH_S
    (only,) = reading.begun
    assert not any(answer.settled for answer in answers)
    only.answer({"servers": ["a"]})
    assert [result_of(answer) for answer in answers] == [{"servers": ["a"]}] * 3


def test_it_is_read_again_when_it_is_old(reading: Reading, cached: CachedStatus) -> None:
    cached.read()
    reading.now = 5.0
    reading.begun[0].answer("first")
    reading.now += FRESH_S
    assert result_of(cached.read()) == "first"
    reading.now += 0.01
    again = cached.read()
    assert len(reading.begun) == 2
    reading.begun[1].answer("second")
    assert result_of(again) == "second"


def test_what_cannot_be_read_is_tried_again(reading: Reading, cached: CachedStatus) -> None:
    refused = cached.read()
    reading.begun[0].fail(Forbidden("another cluster key"))
    with pytest.raises(Forbidden):
        result_of(refused)
    reading.now += 2 * FRESH_S
    again = cached.read()
    reading.begun[1].answer("it is there")
    assert result_of(again) == "it is there"
