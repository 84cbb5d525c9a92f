"""All that takes time happens here: work in threads, whose outcomes come back to the one thread that drains them.

The only file of the windows that knows threads. A model locks nothing: it is touched by the draining thread alone.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from client.desktop.model.base.connection_state import Listener
from wire.errors import DeadlineExceeded, Fenced, InternalError, NotReady, TicTacToeError

Result = TypeVar("Result")
Action = Callable[[], None]


class Task:
    """Work under way in a thread, until it is stopped: nothing of it is heard after that."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.done = threading.Event()

    def stop(self) -> None:
        """Want nothing more of it. Its thread ends when it next looks; what it still brings is dropped."""
        self.stopping.set()


class Background:
    """Threads on one side, one queue of what came of them on the other."""

    def __init__(self) -> None:
        self._inbox: queue.SimpleQueue[Action] = queue.SimpleQueue()
        self._tasks: set[Task] = set()

    def do(
        self,
        work: Callable[[threading.Event], Result],
        then: Callable[[Result], None] = lambda _: None,
        failed: Callable[[TicTacToeError], None] = lambda _: None,
    ) -> Task:
        """Do ``work`` in a thread; then call ``then`` with its result, or ``failed``, in the draining thread. ``work``
        gets the event that says to stop.
        """
        task = Task()
        self._start(task, lambda: self._bring(task, work, then), failed)
        return task

    def follow(
        self,
        items: Callable[[threading.Event], Iterator[Result]],
        each: Callable[[Result], None],
        ended: Callable[[TicTacToeError | None], None],
        *,
        after_s: float = 0.0,
    ) -> Task:
        """Call ``each`` with every item as it comes, then ``ended``; ``items`` gets the event that says to stop.

        It begins ``after_s`` seconds from now.
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

    def tell(self, action: Action) -> None:
        """From any thread: call ``action`` in the draining thread."""
        self._post(None, action)

    def hears(self, source: str, clock: Callable[[], float], *listeners: Listener) -> Callable[[bool], None]:
        """What a thread is to call when it has (True) or lacks (False) an answer: these hear of it, as of then."""

        def on_link(answered: bool) -> None:
            now = clock()
            for listener in listeners:
                note = listener.answered if answered else listener.lost
                self.tell(lambda note=note: note(source, now))  # type: ignore[misc]

        return on_link

    def drain(self, *, most: int = 100, limit_s: float = 0.03) -> int:
        """Take in what has come, at most so much and for so long, and say how much it was."""
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
        """Stop everything."""
        for task in list(self._tasks):
            task.stop()

    def _bring(self, task: Task, work: Callable[[threading.Event], Result], then: Callable[[Result], None]) -> None:
        result = work(task.stopping)
        self._post(task, lambda: then(result))

    def _start(self, task: Task, run: Action, failed: Callable[[TicTacToeError], None]) -> None:
        def guarded() -> None:
            try:
                run()
            except TicTacToeError as error:
                self._post(task, lambda error=error: failed(error))  # type: ignore[misc]
            except Exception as fault:
                self._post(task, lambda: failed(InternalError("a fault in this window; its log has the details")))
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
    """Make a call again and again until the servers answer it, however long they are away. For work in a thread.

    The call carries a request id, so it is carried out once. Raises what the servers refuse it with, and after
    ``stopping`` is set whatever it failed with last.
    """
    while True:
        try:
            return call()
        except (DeadlineExceeded, NotReady, Fenced):
            if stopping.is_set():
                raise


def _raise(fault: Exception) -> None:
    """A fault of ours, in the thread that hears of faults."""
    raise fault
