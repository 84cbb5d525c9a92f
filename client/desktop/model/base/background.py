"""Slow work: it runs in threads, and its results return to the thread that drains them.

The only file of the windows with threads. Models need no locks: only the draining thread uses them.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar
from weakref import WeakSet

from client.desktop.model.base.connection_state import Listener
from wire.errors import DeadlineExceeded, InternalError, NotReady, TicTacToeError

Result = TypeVar("Result")
Action = Callable[[], None]

AGAIN_S = 0.25
"""The pause before ``follow`` begins again, in seconds."""


class Task:
    """Work in a thread. After ``stop`` none of its results is delivered. A new task has no work yet."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.done = threading.Event()

    def stop(self) -> None:
        """Request the end of the work. The thread ends at its next check of ``stopping``; later results are dropped."""
        self.stopping.set()


class Background:
    """Threads on the one side, a queue of their results on the other."""

    def __init__(self) -> None:
        self._inbox: queue.SimpleQueue[Action] = queue.SimpleQueue()
        self._tasks: WeakSet[Task] = WeakSet()

    def run(
        self,
        work: Callable[[threading.Event], Result],
        then: Callable[[Result], None] = lambda _: None,
        failed: Callable[[TicTacToeError], None] = lambda _: None,
    ) -> Task:
        """Run ``work`` in a thread, then call ``then`` or ``failed`` in the draining thread.

        ``then`` receives the result, ``failed`` the error. ``work`` receives the event that requests its end.
        """
        task = Task()

        def run() -> None:
            result = work(task.stopping)
            self._post(task, lambda: then(result))

        self._start(task, run, failed)
        return task

    def call(
        self,
        call: Callable[[], Result],
        then: Callable[[Result], None] = lambda _: None,
        failed: Callable[[TicTacToeError], None] = lambda _: None,
    ) -> Task:
        """Make a call to the servers in a thread until they answer it, then call ``then`` or ``failed`` as ``run``."""
        return self.run(lambda stop: until_answered(call, stop), then, failed)

    def follow(
        self,
        items: Callable[[threading.Event], Iterator[Result]],
        each: Callable[[Result], None],
        goes_on: Callable[[TicTacToeError], bool] = lambda _: True,
    ) -> Task:
        """Call ``each`` with every item as it arrives. Begin again, after a pause, when the items end or fail.

        ``items`` receives the event that requests its end. It is called in the draining thread once all earlier items
        have been delivered; another thread iterates. ``goes_on`` receives an error, and returns whether to begin again.
        """
        task = Task()

        def begin(pause_s: float) -> None:
            found = items(task.stopping)

            def run() -> None:
                if task.stopping.wait(pause_s):
                    return
                for item in found:
                    self._post(task, partial(each, item))
                self._post(task, partial(begin, AGAIN_S))

            self._start(task, run, failed)

        def failed(error: TicTacToeError) -> None:
            if goes_on(error):
                begin(AGAIN_S)

        begin(0.0)
        return task

    def post(self, action: Action) -> None:
        """Call ``action`` in the draining thread. For any thread."""
        self._post(None, action)

    def link_callback(self, source: str, *listeners: Listener) -> Callable[[bool], None]:
        """Return a callback for a connection's thread. Its argument is False when calls begin to fail, then True.

        It passes that on to each listener, in the draining thread, with ``source`` and the time of the call.
        """

        def on_link(answered: bool) -> None:
            now = time.monotonic()
            for listener in listeners:
                note = listener.answered if answered else listener.unanswered
                self.post(lambda note=note: note(source, now))  # type: ignore[misc]

        return on_link

    def drain(self, *, most: int = 100, limit_s: float = 0.03) -> int:
        """Run the queued actions, at most ``most`` and for about ``limit_s`` seconds. Return how many ran."""
        ends_at = time.monotonic() + limit_s
        taken = 0
        while taken < most and time.monotonic() < ends_at:
            try:
                action = self._inbox.get_nowait()
            except queue.Empty:
                break
            taken += 1
            action()
        return taken

    def close(self) -> None:
        """Stop all tasks."""
        for task in list(self._tasks):
            task.stop()

    def _start(self, task: Task, run: Action, failed: Callable[[TicTacToeError], None]) -> None:
        def guarded() -> None:
            try:
                run()
            except TicTacToeError as error:
                self._post(task, lambda error=error: failed(error))  # type: ignore[misc]
            except Exception as fault:
                self._post(task, lambda: failed(InternalError("an error in this window; its log has the details")))
                self._post(None, lambda fault=fault: _raise(fault))  # type: ignore[misc]
            finally:
                done.set()

        # One for each thread: that of a stream that has ended may still be about to set its own.
        task.done = done = threading.Event()
        self._tasks.add(task)
        threading.Thread(target=guarded, name="background", daemon=True).start()

    def _post(self, task: Task | None, action: Action) -> None:
        def unless_stopped() -> None:
            if task is None or not task.stopping.is_set():
                action()

        self._inbox.put(unless_stopped)


def until_answered(call: Callable[[], Result], stopping: threading.Event) -> Result:
    """Repeat a call until the servers answer it, for any length of outage. For work in a thread.

    Busy ends it: the connection has retried that already. The call carries a request id, so it is applied once. Raises
    the servers' refusal. After ``stopping`` is set, raises the last failure.
    """
    while True:
        try:
            return call()
        except (DeadlineExceeded, NotReady):
            if stopping.is_set():
                raise


def _raise(fault: Exception) -> None:
    """Raise an unexpected error in the draining thread, which logs it."""
    raise fault
