"""The socket between supervisors and the template process: its name, who may use it, and its messages.

The name is in Linux's abstract namespace, and has the machine id of the run directory (``runtime.this_machine``). So
only one process can have it, it vanishes with that process, and a copied data folder or another container has another
name. No file in the data folder can be stale, or have a path that is too long.

A connection begins with beats: the answer to each is the stamp of the template's code. A request to fork a server ends
that: the new server answers it with its run file, and closes the connection.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from server.runtime.failpoints import Failpoints
from server.runtime.this_machine import machine_id
from server.settings import Settings
from wire.errors import DeadlineExceeded, Unreachable

BEAT = b"beat"
LARGEST_MESSAGE = 1 << 18
"""In bytes. An environment that is larger cannot be sent; such a server is started without the template."""
_CREDENTIALS = struct.Struct("3i")
"""Pid, user and group of the other process; see SO_PEERCRED in unix(7)."""


class Request(NamedTuple):
    """A server to fork: its role and its environment. As a message: a JSON list, with the server's log as open file."""

    role: str
    environment: Mapping[str, str]


def is_possible(settings: Settings) -> bool:
    """Whether this system has what a template process needs: fork, abstract names and /proc."""
    return sys.platform == "linux" and not Failpoints(settings.test_faults).on("no_template")


@contextlib.contextmanager
def bound(settings: Settings) -> Iterator[socket.socket]:
    """Bind the socket of a new template process, which listens on it once it is ready.

    Raises OSError while another process has the name.
    """
    with _new() as listener:
        listener.bind(_name(settings))
        yield listener


def connect(settings: Settings, timeout_s: float) -> socket.socket:
    """Connect to the template process of these settings. Raises Unreachable."""
    connection = _new()
    connection.settimeout(timeout_s)
    try:
        connection.connect(_name(settings))
        if not is_of_this_user(connection):
            raise PermissionError("another user has its name")
    except OSError as error:
        connection.close()
        raise Unreachable(f"no template process answers: {error.strerror or error}") from None
    return connection


def beat(connection: socket.socket) -> str:
    """Return the stamp of the template's code. Raises Unreachable, DeadlineExceeded."""
    return exchange(connection, BEAT).decode()


def exchange(connection: socket.socket, message: bytes, *files: int) -> bytes:
    """Send a message with open files, and return the answer. Raises Unreachable, DeadlineExceeded."""
    try:
        socket.send_fds(connection, [message], files)
        answer = connection.recv(LARGEST_MESSAGE)
    except TimeoutError:
        raise DeadlineExceeded("the template process does not answer") from None
    except OSError as error:
        raise Unreachable(f"the template process does not answer: {error.strerror or error}") from None
    if not answer:
        raise Unreachable("the template process has ended")
    return answer


def pid_of(connection: socket.socket) -> int:
    """Return the process at the other end; of a process that listens, the one that began to listen."""
    return _other_end(connection)[0]


def is_of_this_user(connection: socket.socket) -> bool:
    """Whether the process at the other end runs as the same user."""
    return _other_end(connection)[1] == os.geteuid()


def _other_end(connection: socket.socket) -> tuple[int, ...]:
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return _CREDENTIALS.unpack(found)


def _new() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def _name(settings: Settings) -> str:
    return f"\0tictactoe-template-{machine_id(Path(settings.data / 'run'))}"
