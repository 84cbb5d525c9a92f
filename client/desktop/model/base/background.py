"""Slow work: it runs in threads, and its results return to the thread that drains them.

The only file of the windows with threads. Models need no locks: only the draining thread uses them.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from client.desktop.model.base.connection_state import Listener
from wire.errors import DeadlineExceeded, InternalError, NotReady, TicTacToeError

Result = TypeVar("Result")
Action = Callable[[], None]


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
        # Only the draining thread changes it.
        self._tasks: set[Task] = set()

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
        self._start(task, lambda: self._deliver(task, work, then), failed)
        return task

    def follow(
        self,
        items: Callable[[threading.Event], Iterator[Result]],
        each: Callable[[Result], None],
        ended: Callable[[TicTacToeError | None], None],
        *,
        after_s: float = 0.0,
    ) -> Task:
        """Call ``each`` with every item as it arrives, then ``ended``.

        ``items`` receives the event that requests its end. The thread starts to iterate after ``after_s`` seconds.
        """
        task = Task()

        def run() -> None:
            if task.stopping.wait(after_s):
                return
            for item in items(task.stopping):
                self._post(task, lambda item=item: each(item))  # type: ignore[misc]
            self._post(task, lambda: ended(None))

        self._start(task, run, ended)
        return task

    def post(self, action: Action) -> None:
        """Call ``action`` in the draining thread. For any thread."""
        self._post(None, action)

    def link_callback(self, source: str, clock: Callable[[], float], *listeners: Listener) -> Callable[[bool], None]:
        """Return a callback for a connection's thread. Its argument is False when calls begin to fail, then True.

        It passes that on to each listener, in the draining thread, with ``source`` and the time of the call.
        """

        def on_link(answered: bool) -> None:
            now = clock()
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

    def _deliver(self, task: Task, work: Callable[[threading.Event], Result], then: Callable[[Result], None]) -> None:
        result = work(task.stopping)
        self._post(task, lambda: then(result))

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
                task.done.set()
                self._post(None, lambda: self._tasks.discard(task))

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
