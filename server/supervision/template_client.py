"""Uses the template process: connects to it, and lets it fork servers. ``template_socket`` has the messages."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Protocol

import msgspec
import psutil
import structlog

from server.runtime import log_file
from server.settings import Settings
from server.supervision import processes, template_socket
from server.supervision.forked_server import ForkedServer
from server.supervision.run_directory import RunDirectory
from server.supervision.run_file import RunFile
from wire.errors import TicTacToeError, Unreachable

READY_S = 15.0
"""Seconds that a new template process gets to import everything."""
CHECK_EVERY_S = 0.01

logger = structlog.get_logger()


class Process(Protocol):
    """A started process, as ``subprocess.Popen`` has it."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def kill(self) -> None: ...
    def wait(self) -> object: ...


def connect(settings: Settings, timeout_s: float) -> socket.socket:
    """Connect to a template process that has the code of this process, or the code that is on disk.

    A template of any other code is ended. Raises Unreachable, DeadlineExceeded.
    """
    connection = template_socket.connect(settings, timeout_s)
    try:
        stamp = template_socket.beat(connection)
        if stamp != processes.own_code() and stamp != processes.code_on_disk():
            pid = template_socket.pid_of(connection)
            logger.warning("ending a template process of other code", pid=pid)
            with contextlib.suppress(psutil.NoSuchProcess):
                processes.kill(RunFile.of(processes.TEMPLATE, pid))
            raise Unreachable("the template process had other code")
    except TicTacToeError:
        connection.close()
        raise
    return connection


def start_server(role: str, settings: Settings) -> Process:
    """Start one of the three servers: forked by the template process, or directly if it does not answer.

    Raises OSError.
    """
    return fork(role, settings) or processes.start(role, settings)


def fork(role: str, settings: Settings) -> ForkedServer | None:
    """Let the template process fork a server, with these settings and its own log file.

    Returns None if no template answers within half of HANG_S.
    """
    try:
        connection = connect(settings, settings.hang_s / 2)
    except TicTacToeError:
        return None
    try:
        request = template_socket.Request(role, processes.environment_of(settings))
        with log_file.open_new(settings, role) as output:
            run = template_socket.exchange(connection, template_socket.encode(request), output.fileno())
    except TicTacToeError:
        connection.close()
        return None
    return ForkedServer(msgspec.json.decode(run, type=RunFile), connection)


def ensure_template(settings: Settings) -> None:
    """Start a template process if there is none. Return when it answers, or when it does not for ``READY_S``."""
    started: list[Process] = []
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        with contextlib.suppress(TicTacToeError):
            connect(settings, READY_S).close()
            return
        if any(process.poll() is not None for process in started):
            return  # the first supervisor that starts it again reports why
        with contextlib.suppress(OSError):  # another process is just starting one
            if not started:
                started.append(processes.start(processes.TEMPLATE, settings))
                run_directory = RunDirectory(settings)
                run_directory.try_to_write(run_directory.run_of(processes.TEMPLATE, started[0].pid))
        time.sleep(CHECK_EVERY_S)
