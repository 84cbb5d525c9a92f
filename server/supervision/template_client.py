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
from wire import NAME_SERVER
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
    """Start one of the four servers: forked by the template process, or directly if it does not answer.

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
        with log_file.open_new(settings, role, is_written_to=role == NAME_SERVER) as output:
            run = template_socket.exchange(connection, template_socket.encode(request), output.fileno())
    except TicTacToeError:
        connection.close()
        return None
    return ForkedServer(msgspec.json.decode(run, type=RunFile), connection)


def ensure_template(settings: Settings) -> None:
    """Start a template process if none answers, and wait until it does, or has ended, for ``READY_S`` at most."""
    if _answers(settings):
        return
    try:
        template = processes.start(processes.TEMPLATE, settings)
    except OSError as error:  # for example because another process is just starting one
        logger.warning("template process not started", why=error.strerror)
        return
    run_directory = RunDirectory(settings)
    with contextlib.suppress(psutil.NoSuchProcess):
        run_directory.try_to_write(run_directory.run_of(processes.TEMPLATE, template.pid))
    deadline = time.monotonic() + READY_S
    while template.poll() is None and time.monotonic() < deadline and not _answers(settings):
        time.sleep(CHECK_EVERY_S)


def _answers(settings: Settings) -> bool:
    with contextlib.suppress(TicTacToeError):
        connect(settings, settings.hang_s).close()
        return True
    return False
