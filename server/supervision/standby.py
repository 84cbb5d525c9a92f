"""A process that has imported everything, and waits to become the server of a role: for systems without a template."""

from __future__ import annotations

import subprocess

from server.runtime.retries import Retries
from server.settings import Settings
from server.supervision import processes
from wire.errors import StorageFailed


class StandBy:
    """At most one process that waits. ``end`` may be called by any thread."""

    def __init__(self, role: str, settings: Settings) -> None:
        self._role = role
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = Retries("stand-by not started", other=role)

    def prepare(self) -> None:
        """Start the process if none waits. A failure is logged."""
        if self._process is not None and self._process.poll() is None:
            return
        try:
            self._process = processes.start(self._role, self._settings, standby=True)
        except OSError as error:
            self._starts.failed_with(str(error), StorageFailed.code)
        else:
            self._starts.succeeded()

    def begin(self) -> int | None:
        """Let the process become the server. Return its pid; None if none waits."""
        process, self._process = self._process, None
        if process is None or process.stdin is None or process.poll() is not None:
            return None
        try:
            with process.stdin as begin:
                begin.write(processes.BEGIN)
        except BrokenPipeError:
            return None
        return process.pid

    def end(self) -> None:
        """End the process, if one waits."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
