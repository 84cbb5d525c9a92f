"""Uses the template process: connects to it, and lets it fork servers. ``template_socket`` has the messages."""

from __future__ import annotations

import contextlib
import socket

import msgspec
import psutil
import structlog

from server.runtime import log_file
from server.settings import Settings
from server.supervision import processes, template_socket
from server.supervision.forked_server import ForkedServer
from server.supervision.run_file import RunFile
from wire.errors import TicTacToeError, Unreachable

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
                processes.kill(RunFile.of(processes.TEMPLATE, pid))
            raise Unreachable("the template process had other code")
    except TicTacToeError:
        connection.close()
        raise
    return connection


def start(role: str, settings: Settings) -> ForkedServer | None:
    """Let the template process fork a server, with these settings and its own log file.

    Returns None if no template answers within half of HANG_S: then the server must be started without it.
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
