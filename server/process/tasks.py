"""The work of a server process: an event loop, procedures in it, threads beside it, and an orderly end.

An exception that nothing handles ends the process, and the next one starts with good state. Roles, ports and settings
are in ``server_process``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import structlog

from server.runtime.effects import Await, Blocking, Effects, Sleep
from server.runtime.event_loop import EventLoop, LoopHost
from server.runtime.procedures import CommitLock, Host, Procedure
from server.runtime.retries import Retries
from server.telemetry import logs
from wire.errors import StorageFailed, TicTacToeError
from wire.later import Later

LATER_S = 0.2
"""Seconds until a thread starts that no player waits for: the start of a thread takes a takeover 0.5 ms or more."""

Result = TypeVar("Result")

logger = structlog.get_logger()


class Tasks:
    """The tasks of one process. ``go_on`` is false once they have to end."""

    def __init__(self, event_loop: str) -> None:
        """``event_loop``: the kind of the loop, see ``new_loop``."""
        self.loop = EventLoop(event_loop, self._on_loop_failure)
        self.host: Host = LoopHost(self.loop)
        """Carries out the effects of this server's procedures. The role sets it, and ``commit_lock``."""
        self.commit_lock: CommitLock | None = None
        self.retries: dict[str, Retries] = {}
        """Tasks that this server tries until they succeed, by name; see ``metrics.FAILED_TRIES``."""
        self._ending = threading.Event()
        self._at_end: list[Callable[[], Later | None]] = []  # run in this order, at an orderly end only

    def go_on(self) -> bool:
        """Return whether this server continues."""
        return not self._ending.is_set()

    def end(self) -> None:
        """Start an orderly end. A supervisor then starts this role again, unless the servers stand down.

        Any thread may call this.
        """
        if not self._ending.is_set():
            self._ending.set()
            self.loop.from_thread(lambda: self.begin("end", self._end_in_order()))

    def pause(self, seconds_: float) -> None:
        """Wait that many seconds, or until this server ends."""
        self._ending.wait(seconds_)

    def at_end(self, action: Callable[[], Later | None]) -> None:
        """Run an action before the process ends in good order. If it returns a ``Later``, the end waits for that."""
        self._at_end.append(action)

    def step_down(self, why: str, *, status: int = 1) -> NoReturn:
        """End at once, without answers to open calls: the state in memory must not be served any more."""
        logger.error("stepping down", why=why)
        logs.flush()
        os._exit(status)

    def in_background(self, name: str, run: Callable[[], None], *, after_s: float = 0.0) -> None:
        """Run in a thread, which starts ``after_s`` seconds from now. Any thread may call this.

        An exception there ends the process, and the next one starts with good state.
        """

        def guarded() -> None:
            try:
                run()
            except Exception:
                logger.exception("thread failed", thread=name)
                self.step_down(f"the thread {name} failed")

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        if after_s > 0.0:
            self.loop.from_thread(lambda: self.loop.call_later(after_s, thread.start))
        else:
            thread.start()

    def repeat(self, name: str, work: Callable[[], None], pause_s: float, retries: Retries) -> None:
        """Do work in a thread, after each ``pause_s`` seconds. ``retries`` stores why the disk refuses it."""

        def repeat() -> None:
            while self.go_on():
                with retries.attempt(StorageFailed):
                    work()
                self.pause(pause_s)

        self.in_background(name, repeat, after_s=pause_s)

    def begin(self, name: str, effects: Effects[None], host: Host | None = None) -> Procedure[None]:
        """Run a procedure in the background. An error that it does not handle ends the process.

        ``host``: one of its own, in place of the server's.
        """

        def ended(_value: Any, error: TicTacToeError | None) -> None:
            if error is not None:
                self.step_down(f"the procedure {name} failed: {error!r}")

        procedure = Procedure(effects, host or self.host, self.commit_lock)
        procedure.begin().then(ended)
        return procedure

    def retry(self, work: Callable[[], Result], pause_s: float, retries: Retries) -> Effects[Result]:
        """Do work apart from the event loop, because it may take long, and again while the disk refuses it."""
        while True:
            with retries.attempt(StorageFailed):
                result: Result = yield Blocking(work)
            if retries.trouble is None:
                return result
            yield Sleep(pause_s)

    def run_procedure(self, effects: Effects[Any]) -> Later:
        """Begin a procedure of a remote method, and return its answer."""
        return Procedure(effects, self.host, self.commit_lock).begin()

    def _end_in_order(self) -> Effects[None]:
        for action in self._at_end:
            later = action()
            if later is not None:
                yield Await(later)
        self.loop.stop()

    def _on_loop_failure(self, message: str, error: BaseException | None) -> None:
        logger.error("event loop failed", why=message, exc_info=error)
        self.step_down(f"an error reached the event loop: {error!r}")
