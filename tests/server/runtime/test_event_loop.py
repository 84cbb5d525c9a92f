"""The event loop of a server, on uvloop and on asyncio's own loop: other threads, errors that reach it, and its end."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest

from server.runtime import event_loop
from server.runtime.effects import Blocking, Effects, RemoteCall, Sleep
from server.runtime.event_loop import EventLoop, LoopHost, new_loop
from server.runtime.procedures import Procedure
from tests.conditions import PATIENCE_S
from tests.server.awaiting import wait_for
from wire.errors import NotReady, TicTacToeError
from wire.later import Later, answered


class Running:
    """An event loop that runs in a thread of its own."""

    def __init__(self, kind: str) -> None:
        self.failures: list[BaseException | None] = []
        self.failed = threading.Event()
        self.loop = EventLoop(kind, self._on_failure)
        self.thread = threading.Thread(target=self.loop.run)
        self.thread.start()
        wait_for(self.loop, lambda: answered(None))  # it runs

    def _on_failure(self, _message: str, error: BaseException | None) -> None:
        self.failures.append(error)
        self.failed.set()

    def end(self) -> None:
        self.loop.stop()
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()
        self.loop.loop.close()

    def result_of(self, effects: Effects[Any], call: Callable[[str, tuple[Any, ...]], Later] | None = None) -> Any:
        """Run a procedure to its end; return its result or raise its error."""
        return wait_for(self.loop, lambda: Procedure(effects, LoopHost(self.loop, call)).begin())

    def failure(self) -> BaseException | None:
        """Wait for the first failure, and return its exception."""
        assert self.failed.wait(PATIENCE_S)
        return self.failures[0]


@pytest.fixture(params=["uvloop", "asyncio"])
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    if request.param == "uvloop":
        pytest.importorskip("uvloop")
    running = Running(request.param)
    yield running
    running.end()


def raising(error: BaseException) -> Callable[..., Any]:
    def fail(*_: object) -> None:
        raise error

    return fail


# -- the kinds -------------------------------------------------------------------------------------------------------


def module_of(kind: str) -> str:
    loop = new_loop(kind)
    loop.close()
    return type(loop).__module__.partition(".")[0]


def test_the_kind_of_loop_is_a_setting() -> None:
    pytest.importorskip("uvloop")
    assert [module_of(kind) for kind in ("auto", "uvloop", "asyncio")] == ["uvloop", "uvloop", "asyncio"]


def test_without_uvloop_there_is_asyncio_unless_uvloop_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert module_of("auto") == "asyncio"
    with pytest.raises(ImportError):
        new_loop("uvloop")


# -- actions ---------------------------------------------------------------------------------------------------------


def test_actions_run_in_the_thread_of_the_loop_in_their_order(running: Running) -> None:
    ran: list[object] = []
    done = threading.Event()

    def act() -> None:
        running.loop.soon(lambda: ran.append("soon"))
        running.loop.call_later(0.0, lambda: ran.append("at once"))
        running.loop.call_later(0.05, done.set)
        running.loop.call_later(0.02, lambda: ran.append("cancelled")).cancel()
        ran.append(threading.current_thread())

    running.loop.from_thread(act)
    assert done.wait(PATIENCE_S)
    assert ran == [running.thread, "soon", "at once"]


def test_a_timer_never_fires_early(running: Running) -> None:
    """Else a long poll, and what depends on the time that it took, would end before its time."""
    early: queue.Queue[float] = queue.Queue()

    def begin(delay_s: float) -> None:
        time.sleep(0.003)  # an action that takes long: the loop's own time is old by now
        due = time.monotonic() + delay_s
        running.loop.call_later(delay_s, lambda: early.put(due - time.monotonic()))

    delays = [0.0, *(0.0011 + 0.00037 * step for step in range(60))]
    for delay_s in delays:
        running.loop.from_thread(partial(begin, delay_s))
    assert max(early.get(timeout=PATIENCE_S) for _ in delays) <= 1e-6  # asyncio allows for the clock's resolution


def test_a_procedure_runs_with_its_effects(running: Running) -> None:
    def work() -> Effects[Any]:
        yield Sleep(0.001)
        thread = yield Blocking(threading.current_thread)
        called = yield RemoteCall("append", (1,))
        return thread is not running.thread, threading.current_thread() is running.thread, called

    def call(method: str, arguments: tuple[Any, ...]) -> Later:
        return answered((method, arguments))

    assert running.result_of(work(), call) == (True, True, ("append", (1,)))


def test_a_procedure_without_another_server_cannot_call_one(running: Running) -> None:
    def work() -> Effects[None]:
        yield RemoteCall("append", ())

    with pytest.raises(TicTacToeError, match="append"):
        running.result_of(work())


# -- other threads ---------------------------------------------------------------------------------------------------


def test_the_result_of_work_in_a_thread_comes_back_into_the_loop(running: Running) -> None:
    settled_in: Future[threading.Thread] = Future()

    def begin() -> Later:
        later = running.loop.in_thread(lambda: 5)
        later.then(lambda _value, _error: settled_in.set_result(threading.current_thread()))
        return later

    assert wait_for(running.loop, begin) == 5
    assert settled_in.result(PATIENCE_S) is running.thread


def test_the_error_of_work_in_a_thread_is_its_outcome(running: Running) -> None:
    with pytest.raises(NotReady):
        wait_for(running.loop, lambda: running.loop.in_thread(raising(NotReady("not now"))))
    assert running.failures == []


def test_the_loop_goes_on_while_threads_work_and_more_work_waits_its_turn(running: Running) -> None:
    go_on = threading.Event()
    begun: list[Later] = []

    def begin() -> None:
        begun.extend(running.loop.in_thread(go_on.wait) for _ in range(3 * event_loop.THREADS))

    running.loop.result_of(begin)
    assert running.loop.result_of(lambda: [later.settled for later in begun]) == [False] * len(begun)
    go_on.set()
    for later in begun:
        assert wait_for(running.loop, lambda later=later: later) is True  # type: ignore[misc]


def test_a_function_of_the_loop_has_its_result_in_another_thread(running: Running) -> None:
    assert running.loop.result_of(threading.current_thread) is running.thread
    with pytest.raises(ZeroDivisionError):
        running.loop.result_of(raising(ZeroDivisionError()))
    assert running.failures == []


# -- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "begin",
    [
        lambda loop, act: loop.soon(act),
        lambda loop, act: loop.call_later(0.001, act),
        lambda loop, act: loop.from_thread(act),
        lambda loop, act: loop.in_thread(act),
        lambda _, act: answered(None).then(act),
    ],
    ids=["an action", "a timer", "an action of a thread", "work in a thread", "the receiver of an answer"],
)
def test_an_exception_that_nothing_handles_is_reported_as_a_failure(
    running: Running, begin: Callable[[EventLoop, Callable[..., Any]], object]
) -> None:
    error = ZeroDivisionError()
    running.loop.from_thread(lambda: begin(running.loop, raising(error)))  # type: ignore[arg-type]
    assert running.failure() is error


def test_an_unexpected_exception_of_a_procedure_is_reported_as_a_failure(running: Running) -> None:
    error = ZeroDivisionError()

    def work() -> Effects[None]:
        yield Sleep(0.001)
        raise error

    running.loop.from_thread(lambda: Procedure(work(), LoopHost(running.loop)).begin())  # type: ignore[arg-type]
    assert running.failure() is error


# -- the end ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["uvloop", "asyncio"])
def test_stop_ends_the_loop_after_the_actions_of_the_present_turn(kind: str) -> None:
    if kind == "uvloop":
        pytest.importorskip("uvloop")
    running, ran = Running(kind), []

    def stop() -> None:
        running.loop.stop()
        ran.append("after stop")

    running.loop.from_thread(stop)
    running.thread.join(PATIENCE_S)
    running.end()
    assert ran == ["after stop"]
