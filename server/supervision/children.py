"""The processes of one role that a supervisor has started: a child, and a stand-by that can become the next child.

``supervisor`` decides when to start and to end them. For one thread, except ``kill``.
"""

from __future__ import annotations

import subprocess

from server.runtime.retries import Retries
from server.settings import Settings
from server.supervision import processes, template_client
from server.supervision.template_client import Process
from wire.errors import StorageFailed


class Children:
    """At most one child and one stand-by of a role."""

    def __init__(self, role: str, settings: Settings) -> None:
        self._role = role
        self._settings = settings
        # Started to serve the role, and not reaped yet. It may have ended since.
        self._child: Process | None = None
        # Waits for ``begin``; the next start uses it first. It may have ended since.
        self._standby: subprocess.Popen[bytes] | None = None
        self._standby_starts = Retries("stand-by not started", other=role)

    @property
    def pid(self) -> int | None:
        """The pid of the child; None if there is none, or after ``reap`` found that it ended."""
        return None if self._child is None else self._child.pid

    def start(self) -> int:
        """Start a child and return its pid: the stand-by, a fork of the template, or a new process. Raises OSError."""
        standby, self._standby = self._standby, None
        if standby is not None and processes.begin(standby):
            self._child = standby
        elif self._role == processes.TEMPLATE:
            self._child = processes.start(self._role, self._settings)
        else:
            self._child = template_client.start_server(self._role, self._settings)
        return self._child.pid

    def prepare_standby(self) -> None:
        """Start a stand-by if there is none. A failure is logged."""
        if self._standby is not None and self._standby.poll() is None:
            return
        try:
            self._standby = processes.start(self._role, self._settings, standby=True)
        except OSError as error:
            self._standby_starts.failed_with(str(error), StorageFailed.code)
        else:
            self._standby_starts.succeeded()

    def reap(self) -> int | None:
        """Return the exit status of the child, once; None if it runs or there is none."""
        status = None if self._child is None else self._child.poll()
        if status is not None:
            self._child = None
        return status

    def kill_child(self) -> None:
        """Send SIGKILL to the child, if there is one. ``reap`` returns its status later."""
        if self._child is not None:
            self._child.kill()

    def kill(self, *, starting: bool) -> None:
        """End the stand-by, and the child too if it is ``starting``; wait until they are gone."""
        for process in (self._standby, self._child if starting else None):
            if process is not None:
                process.kill()
                process.wait()
