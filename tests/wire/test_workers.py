"""A few threads do all work: one leads, and lets another lead while it waits."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Iterator

import pytest

from tests.conditions import PATIENCE_S
from wire.rpc.workers import LOOK_S, STUCK_S, Work, Workers
from wire.waiting import about_to_wait


class Desk:
    """Workers who get what is handed in here."""

    def __init__(self) -> None:
        self._coming: queue.SimpleQueue[Work] = queue.SimpleQueue()
        self.workers = Workers(self._gather, most=8)
        self.did: list[tuple[str, int]] = []
        self.done = threading.Semaphore(0)
        self.fails = False
        self.looks: list[bool] = []
        self.at_once: list[Work] = []
        self.workers.begin()

    def hand_in(self, *works: Work) -> None:
        for work in works:
            self._coming.put(work)

    def note(self, name: str) -> Work:
        def work() -> None:
            self.did.append((name, threading.get_ident()))
            self.done.release()

        return work

    def until(self, go: threading.Event) -> Work:
        """Work that waits for that, and says so before."""

        def work() -> None:
            about_to_wait()
            assert go.wait(PATIENCE_S)
            self.done.release()

        return work

    def wait_for(self, count: int = 1) -> None:
        for _ in range(count):
            assert self.done.acquire(timeout=PATIENCE_S)

    def _gather(self, found: deque[Work], wait: bool) -> None:
        self.looks.append(wait)
        if self.fails:
            self.fails = False
            raise OSError("the system fails")
        found.extend(self.at_once)
        self.at_once.clear()
        try:
            found.append(self._coming.get(timeout=0.02 if wait else 0.0))
        except queue.Empty:
            return


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.workers.end()


def test_work_that_does_not_wait_is_done_by_one_thread(desk: Desk) -> None:
    desk.hand_in(*(desk.note(str(number)) for number in range(100)))
    desk.wait_for(100)
    assert [name for name, _ in desk.did] == [str(number) for number in range(100)]
    assert len({thread for _, thread in desk.did}) == 1


def test_who_waits_lets_another_lead(desk: Desk) -> None:
    go, noted = threading.Event(), desk.note("first")

    def waits() -> None:
        about_to_wait()
        assert go.wait(PATIENCE_S)
        noted()

    desk.hand_in(waits, desk.note("second"))
    desk.wait_for()
    go.set()
    desk.wait_for()
    assert [name for name, _ in desk.did] == ["second", "first"]


def test_as_many_may_wait_as_there_may_be_threads_but_one(desk: Desk) -> None:
    go = threading.Event()
    desk.hand_in(*[desk.until(go)] * 7, desk.note("last"))
    desk.wait_for()
    assert [name for name, _ in desk.did] == ["last"]
    go.set()
    desk.wait_for(7)


def test_when_all_threads_wait_the_next_work_is_done_once_one_is_free(desk: Desk) -> None:
    go = threading.Event()
    desk.hand_in(*[desk.until(go)] * 8, desk.note("last"))
    go.set()
    desk.wait_for(9)
    assert [name for name, _ in desk.did] == ["last"]


def test_who_waits_without_saying_so_is_put_aside(desk: Desk) -> None:
    go, begun = threading.Event(), threading.Event()

    def waits() -> None:
        begun.set()
        assert go.wait(PATIENCE_S)

    desk.hand_in(waits, desk.note("second"))
    assert begun.wait(PATIENCE_S)
    desk.workers.watch(time.monotonic())
    assert desk.did == []
    desk.workers.watch(time.monotonic() + 2 * STUCK_S)
    desk.wait_for()
    go.set()


def test_work_that_fails_hurts_no_other(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> None:
        raise ValueError("a fault of ours")

    desk.hand_in(fails, desk.note("second"))
    desk.wait_for()
    assert "a fault of ours" in caplog.text


def test_who_cannot_look_for_work_tries_again(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    def breaks() -> None:
        desk.fails = True

    desk.hand_in(breaks, desk.note("work"))
    desk.wait_for()
    assert "retrying" in caplog.text


def test_however_much_there_is_to_do_more_is_looked_for(desk: Desk) -> None:
    def takes_its_time() -> None:
        until = time.monotonic() + LOOK_S / 2
        while time.monotonic() < until:
            pass
        desk.done.release()

    desk.at_once = [takes_its_time] * 6
    desk.wait_for(6)
    assert False in desk.looks
