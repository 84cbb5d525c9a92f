"""A server's event loop: ``uvloop`` where it is installed, else ``asyncio``'s own. All decisions of a server run in it.

Work that takes long runs in other threads, and its result comes back into the loop. An exception that nothing handles
ends the process: its state may be half changed, and the next process starts with good state.
"""

from __future__ import annotations

import asyncio
import importlib.util
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from game.errors import TicTacToeError
from server.runtime.timers import Action, Timer
from wire.errors import Busy
from wire.later import Later, failed

Result = TypeVar("Result")

THREADS = 16
"""The most threads for work that takes long."""


def new_loop(kind: str) -> asyncio.AbstractEventLoop:
    """Return a new event loop: ``uvloop``, ``asyncio``, or ``auto`` for uvloop where it is installed.

    Raises ImportError for ``uvloop`` where it is not installed; the settings refuse that.
    """
    if kind == "asyncio" or (kind == "auto" and importlib.util.find_spec("uvloop") is None):
        return asyncio.SelectorEventLoop()
    import uvloop

    return uvloop.new_event_loop()


class EventLoop:
    """The event loop of a server. Its methods belong to the loop's thread, except those that name another."""

    def __init__(self, kind: str, on_failure: Callable[[str, BaseException | None], None]) -> None:
        """``on_failure`` is called with the reason when an exception reached the loop. It must end the process."""
        self.loop = new_loop(kind)
        self._on_failure = on_failure
        self.loop.set_exception_handler(self._on_exception)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="blocking")

    def run(self) -> None:
        """Run until ``stop`` is called. The calling thread becomes the loop's thread."""
        self.loop.run_forever()

    def stop(self) -> None:
        """End ``run``, after the callbacks of the present turn. Any thread may call this."""
        self.loop.call_soon_threadsafe(self.loop.stop)

    def soon(self, action: Action) -> object:
        """Run an action after the present one."""
        return self.loop.call_soon(action)

    def call_later(self, delay_s: float, action: Action) -> Timer:
        """Run an action in ``delay_s`` seconds of ``time.monotonic`` or later, never earlier.

        uvloop counts whole milliseconds from the last one that began, so a timer of its own may end 1.5 ms early.
        """
        whole_s = math.ceil(delay_s * 1000.0 + 1.0) / 1000.0 if delay_s > 0.0 else 0.0
        return self.loop.call_later(whole_s, action)

    # -- other threads ----------------------------------------------------------------------------------------------

    def in_thread(self, work: Callable[[], Any], threads: ThreadPoolExecutor | None = None) -> Later:
        """Do work in another thread: in one of ``threads``, or of those that all such work shares.

        It may raise a TicTacToeError; any other exception ends the process.
        """
        later = Later()
        self.loop.run_in_executor(threads or self._pool, work).add_done_callback(partial(_settle, later))
        return later

    def from_thread(self, action: Callable[[], object]) -> None:
        """Run an action in the loop soon. Any thread may call this."""
        self.loop.call_soon_threadsafe(action)

    def result_of(self, function: Callable[[], Result]) -> Result:
        """Run a function in the loop and return its result, from any other thread. Raises what it raises."""

        async def run() -> Result:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result()

    def _on_exception(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self._on_failure(str(context.get("message", "")), context.get("exception"))


class LoopHost:
    """The host of the procedures of one server: its event loop, and its calls to another server."""

    def __init__(self, loop: EventLoop, call: Callable[[str, tuple[Any, ...]], Later] | None = None) -> None:
        """``call`` calls a method of the other server. Without it, procedures must not."""
        self.soon = loop.soon
        self.call_later = loop.call_later
        self.in_thread = loop.in_thread
        self.call = call or _no_other_server


def calls_in_threads(
    loop: EventLoop,
    call: Callable[[str, tuple[Any, ...]], Any],
    *,
    threads: int,
    name: str,
    queue_s: float = math.inf,
) -> Callable[[str, tuple[Any, ...]], Later]:
    """Return the ``call`` of a ``LoopHost``, made of one that waits.

    It has ``threads`` threads of its own, so other work goes on when the other server hangs. A call that waited for a
    thread for more than ``queue_s`` seconds fails with Busy.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix=name)

    def call_in_thread(method: str, arguments: tuple[Any, ...]) -> Later:
        until = time.monotonic() + queue_s

        def work() -> Any:
            if time.monotonic() > until:
                raise Busy("all connections to another server are in use")
            return call(method, arguments)

        return loop.in_thread(work, pool)

    return call_in_thread


def _no_other_server(method: str, _arguments: tuple[Any, ...]) -> Later:
    return failed(TicTacToeError(f"no server for {method} here"))


def _settle(later: Later, future: asyncio.Future[Any]) -> None:
    error = future.exception()
    if error is None:
        later.answer(future.result())
    elif isinstance(error, TicTacToeError):
        later.fail(error)
    else:
        raise error
