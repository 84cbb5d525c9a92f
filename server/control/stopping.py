"""Ends all processes of a cluster, in whatever state they are, until nothing starts again. For ``ClusterControl``."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from server.supervision import processes
from server.supervision.processes import ROLES
from server.supervision.run_directory import RunDirectory
from server.supervision.run_file import RunFile
from server.supervision.status import StatusReader
from wire import NAME_SERVER
from wire.errors import TicTacToeError

CHECK_EVERY_S = 0.05
GRACEFUL_STOP_S = 3.0
"""Seconds that a server gets to end by itself before SIGKILL."""
QUIET_S = 0.3
"""Seconds for which nothing may start again before a cluster counts as stopped."""


class CannotStop(Exception):
    """A process still runs; the message names it."""


def repeat_until_quiet(end_all: Callable[[float], set[RunFile]], timeout_s: float) -> None:
    """Call ``end_all`` until it has found no process for ``QUIET_S``. Raises CannotStop after ``timeout_s``.

    Its argument is the time in seconds since the first call. It returns the processes that it found.
    """
    began = time.monotonic()
    quiet_since: float | None = None
    while quiet_since is None or time.monotonic() - quiet_since < QUIET_S:
        found = end_all(time.monotonic() - began)
        quiet_since = None if found else quiet_since or time.monotonic()
        # If nothing was found, there is nothing to report. The loop only checks that nothing starts again.
        if found and time.monotonic() - began > timeout_s:
            raise CannotStop(_describe_running(found))
        time.sleep(CHECK_EVERY_S)


class Stop:
    """A stop for good: servers get calls first, and nothing starts them again."""

    def __init__(self, status_reader: StatusReader, run_directory: RunDirectory) -> None:
        self._status_reader = status_reader
        self._run_directory = run_directory
        # Servers that answered ``stop``. Such a server is no longer in a run file.
        self._stopping: set[RunFile] = set()

    def end_all(self, for_s: float) -> set[RunFile]:
        """Stop the servers; if there are none, end all other processes. Return the processes that were there.

        ``for_s``: the seconds since the first call. After ``GRACEFUL_STOP_S`` every server is killed.
        """
        reader = self._status_reader
        found = {run for run in self._stopping | reader.processes() if run.role != NAME_SERVER and run.alive}
        if found:
            self._stopping |= self._call_all(self._call_all(found, "stand_down") - self._stopping, "stop")
            for run in found - self._stopping if for_s < GRACEFUL_STOP_S else found:
                processes.kill(run)
        else:
            found = reader.processes()
            for run in found:
                processes.kill(run)
            # A server may have started these shortly before its own end. They may not be in a run file yet.
            found.update(processes.kill_all(reader.settings))
        for role in (*ROLES, processes.TEMPLATE):
            if reader.process_of(role) is None:
                self._run_directory.clear(role)
        return found

    def _call_all(self, servers: set[RunFile], method: str) -> set[RunFile]:
        """Call a method of all these servers; return those that answered."""

        def answer(run: RunFile) -> RunFile | None:
            with contextlib.suppress(TicTacToeError):
                return None if self._status_reader.call(run.role, method) is None else run
            return None

        with ThreadPoolExecutor(len(ROLES)) as pool:
            return {run for run in pool.map(answer, servers) if run is not None}


def _describe_running(found: set[RunFile]) -> str:
    """Return what a stop found in its last round, for people: it still runs, or it starts again after each kill."""
    alive = {run for run in found if run.alive}
    named = ", ".join(sorted(f"{run.role} (pid {run.pid})" for run in alive or found))
    return f"still running: {named}" if alive else f"started again after each kill, by another program: {named}"
