"""Uses the template process: connects to it, and lets it fork servers. ``template_socket`` has the messages."""

from __future__ import annotations

import contextlib
import errno
import json
import socket
import time

import msgspec
import psutil
import structlog

from server.runtime import log_file
from server.settings import Settings
from server.supervision import processes, template_socket
from server.supervision.processes import TEMPLATE
from server.supervision.run_directory import RunDirectory
from server.supervision.run_file import RunFile
from wire import NAME_SERVER
from wire.errors import TicTacToeError, Unreachable

READY_S = 15.0
"""Seconds that a new template process gets to import everything."""
CHECK_EVERY_S = 0.01

logger = structlog.get_logger()


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
                processes.kill(RunFile.of(TEMPLATE, pid))
            raise Unreachable("the template process had other code")
    except TicTacToeError:
        connection.close()
        raise
    return connection


def start(role: str, settings: Settings) -> RunFile:
    """Start a role and return its process: forked by the template process, or a new one if that does not answer.

    Raises OSError.
    """
    run = None if role == TEMPLATE else fork(role, settings)
    run_directory = RunDirectory(settings)
    if run is None:
        run = run_directory.run_of(role, processes.start(role, settings).pid)
    if role in (NAME_SERVER, TEMPLATE):  # which write no run file
        run_directory.try_to_write(run)
    return run


def fork(role: str, settings: Settings) -> RunFile | None:
    """Let the template process fork a server, with these settings and its own log file.

    Returns None if no template answers within half of HANG_S.
    """
    request = template_socket.Request(role, processes.environment_of(settings))
    message = json.dumps(request).encode()  # msgspec refuses what is not UTF-8, and an environment may have that
    try:
        with connect(settings, settings.hang_s / 2) as connection, log_file.open_new(settings, role) as output:
            run = template_socket.exchange(connection, message, output.fileno())
    except TicTacToeError:
        return None
    return msgspec.json.decode(run, type=RunFile)


def ensure_template(settings: Settings) -> None:
    """Start a template process if it is possible here and none answers. Wait at most ``READY_S`` until it answers."""
    if not template_socket.is_possible(settings) or _answers(settings):
        return
    template = None
    try:
        template = start(TEMPLATE, settings)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:  # else another process has just started one
            logger.warning("template process not started", why=error.strerror)
            return
    deadline = time.monotonic() + READY_S
    while (template is None or template.alive) and time.monotonic() < deadline and not _answers(settings):
        time.sleep(CHECK_EVERY_S)


def _answers(settings: Settings) -> bool:
    with contextlib.suppress(TicTacToeError):
        connect(settings, settings.hang_s).close()
        return True
    return False
