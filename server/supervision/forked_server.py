"""A server that the template process forked, as its starter and as the server itself see it.

The starter is not its parent, so it cannot wait for it. Instead both have an end of one connection: it closes when the
server ends in whatever way, and before an orderly refusal the server sends its exit status.
"""

from __future__ import annotations

import contextlib
import os
import socket

import msgspec

from server.supervision import processes
from server.supervision.run_file import RunFile

ENDED = 1
"""The exit status of a server that sent none."""
_starter: list[socket.socket] = []
"""The connection to the starter, in a process that was forked as a server."""


class ForkedServer:
    """A process that the template forked for this one. It has what ``Children`` uses of ``subprocess.Popen``."""

    def __init__(self, run: RunFile, connection: socket.socket) -> None:
        self.pid = run.pid
        self._run = run
        self._connection = connection
        self._connection.setblocking(False)
        self._status = ENDED

    def poll(self) -> int | None:
        """Return its exit status once it has ended; ``ENDED`` if it sent none."""
        try:
            while sent := self._connection.recv(16):
                self._status = int(sent)
        except BlockingIOError:
            return None
        except ConnectionError:
            pass
        # A process closes its connections a moment before it is gone.
        return None if self._run.alive else self._status

    def kill(self) -> None:
        """End it with SIGKILL, and wait until it is gone."""
        processes.kill(self._run)

    def wait(self) -> None:
        """Wait until it is gone, for some seconds at most."""
        processes.wait_until_gone(self._run, 5.0)


def begin(run: RunFile, starter: socket.socket) -> None:
    """Begin as a forked server: send this process's run file. Exit if the starter has gone on without it."""
    _starter.append(starter)
    try:
        starter.send(msgspec.json.encode(run))
    except OSError:
        os._exit(0)


def report(status: int) -> None:
    """Send the exit status to the starter, if this process was forked."""
    for starter in _starter:
        with contextlib.suppress(OSError):  # the starter has ended
            starter.send(str(status).encode())
