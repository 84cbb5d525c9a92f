"""Calls to another server in threads of their own: side by side with other work, and not queued for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from server.runtime import event_loop
from server.runtime.event_loop import EventLoop, calls_in_threads
from tests.conditions import PATIENCE_S, wait_until
from tests.server.awaiting import wait_for
from wire.errors import Busy, NotReady


class Server:
    """Another server, which answers each call when it is let."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.may_answer = threading.Event()

    def call(self, method: str, arguments: tuple[Any, ...]) -> Any:
        self.calls.append(method)
        assert self.may_answer.wait(PATIENCE_S)
        if method == "refuse":
            raise NotReady("not now")
        return arguments


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    loop = EventLoop("asyncio", lambda message, error: pytest.fail(f"{message} {error}"))
    thread = threading.Thread(target=loop.run)
    thread.start()
    yield loop
    loop.stop()
    thread.join()


def test_answers_and_errors_come_back_into_the_loop(loop: EventLoop) -> None:
    server = Server()
    server.may_answer.set()
    call = calls_in_threads(loop, server.call, threads=2, name="calls")
    assert wait_for(loop, lambda: call("double", (1, 2))) == (1, 2)
    with pytest.raises(NotReady):
        wait_for(loop, lambda: call("refuse", ()))


def test_a_call_that_found_no_thread_in_its_time_is_not_made(loop: EventLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(event_loop, "time", SimpleNamespace(monotonic=lambda: now[0]))
    server = Server()
    call = calls_in_threads(loop, server.call, threads=1, name="calls", queue_s=4.0)
    first, late = loop.result_of(lambda: (call("first", ()), call("late", ())))
    wait_until(lambda: server.calls == ["first"])
    assert wait_for(loop, lambda: loop.in_thread(lambda: "other work")) == "other work"
    now[0] = 5.0
    last = loop.result_of(lambda: call("last", ()))
    server.may_answer.set()
    wait_until(lambda: last.settled)
    assert isinstance(late.error, Busy)
    assert first.value == last.value == ()
    assert server.calls == ["first", "last"]
