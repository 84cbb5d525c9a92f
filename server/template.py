"""The template process: it has imported what the servers need, and forks each server when a supervisor asks for it.

A server that is forked runs after milliseconds, where a new Python imports for a quarter of a second. The template has
one thread, no event loop, and no file or connection that a server could share with it. It ends by itself when its
folder was moved, and when no server is connected any more. ``server.supervision.template_client`` is the other side.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

import structlog

from server import communication_server, main_server, replication_server
from server.settings import Settings, SettingsError, load
from server.supervision import forked_server, processes, template_socket
from server.supervision.run_directory import RunDirectory
from server.telemetry import logs
from wire import COMMUNICATION, MAIN, REPLICATION

IMPORTED_LATE = ("asyncio", "openskill.models", "precis_i18n", "prometheus_client", "uvloop")
"""Modules that a server imports after its start, if they are installed."""
CHECK_EVERY_S = 0.5
UNUSED_S = 3.0
"""Seconds without a connection after which the template ends. Every server keeps one."""
MOST_CONNECTIONS = 64
_SERVERS: Mapping[str, Callable[[], NoReturn]] = {
    MAIN: main_server.main,
    COMMUNICATION: communication_server.main,
    REPLICATION: replication_server.main,
}
_ARGUMENTS_BEGIN, _ARGUMENTS_END = 45, 46
"""Indexes in /proc/PID/stat, after the command's name; see proc(5)."""

logger = structlog.get_logger()


class Template:
    """Answers supervisors on one socket, and forks servers for them. For one thread."""

    def __init__(self, listener: socket.socket, settings: Settings) -> None:
        """``listener`` is bound, and does not listen yet: no supervisor can connect before the template is ready."""
        self._listener = listener
        self._settings = settings
        self._run_directory = RunDirectory(settings)
        self._code = processes.own_code()
        self._connections: dict[int, socket.socket] = {}
        self._used_at = time.monotonic()

    def run(self) -> Callable[[], NoReturn] | None:
        """Serve until this process is not needed any more, then return None. In a forked process, return its main."""
        self._listener.listen(MOST_CONNECTIONS)
        while self._is_needed():
            waiting = select.poll()
            for number in (self._listener.fileno(), *self._connections):
                waiting.register(number, select.POLLIN)
            for number, _ in waiting.poll(CHECK_EVERY_S * 1000):
                if number == self._listener.fileno():
                    self._accept()
                elif server := self._answer(self._connections[number]):
                    return server
        return None

    def _is_needed(self) -> bool:
        if self._connections:
            self._used_at = time.monotonic()
        return self._run_directory.is_in_place and time.monotonic() - self._used_at < UNUSED_S

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        if len(self._connections) < MOST_CONNECTIONS and template_socket.is_of_this_user(connection):
            connection.setblocking(False)
            self._connections[connection.fileno()] = connection
        else:
            connection.close()

    def _answer(self, connection: socket.socket) -> Callable[[], NoReturn] | None:
        """Answer one message. Return the main function of the server in a process that was forked for it."""
        try:
            received = template_socket.receive(connection)
            if received is None:
                connection.send(self._code.encode())
        except OSError:  # its process has ended
            self._forget(connection)
            return None
        except ValueError as error:
            logger.warning("not a request", why=str(error))
            self._forget(connection)
            return None
        return None if received is None else self._fork(*received, connection)

    def _fork(
        self, request: template_socket.Request, output: int, connection: socket.socket
    ) -> Callable[[], NoReturn] | None:
        try:
            pid = os.fork()
        except OSError as error:
            pid = -1
            logger.error("server not forked", other=request.role, why=error.strerror)
        if pid == 0:
            return self._become(request, output, connection)
        # Now the server alone has this end: it closes when the server ends.
        self._forget(connection)
        os.close(output)
        return None

    def _forget(self, connection: socket.socket) -> None:
        del self._connections[connection.fileno()]
        connection.close()

    def _become(self, request: template_socket.Request, output: int, starter: socket.socket) -> Callable[[], NoReturn]:
        """Make this forked process one that its starter could have started with ``processes.start``."""
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        del self._connections[starter.fileno()]
        for other in (self._listener, *self._connections.values()):
            other.close()
        for number in (1, 2):
            os.dup2(output, number)
        os.close(output)
        set_environment({**request.environment, processes.CODE: self._code})
        command = processes.command_of(request.role, self._settings)
        sys.argv = command[1:]
        rename_process(command)
        gc.enable()
        starter.setblocking(True)
        forked_server.begin(self._run_directory.run_of(request.role, os.getpid()), starter)
        return _SERVERS[request.role]


def set_environment(environment: Mapping[str, str]) -> None:
    """Make this the environment of this process. It changes only what differs, which is little in most takeovers."""
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    for name, value in environment.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
    time.tzset()


def rename_process(command: list[str]) -> None:
    """Show ``command`` as the command line of this process, where ``ps`` and ``processes.find_runs`` read it.

    It replaces the arguments in memory, as PostgreSQL and setproctitle do. Raises OSError.
    """
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    begin, end = int(fields[_ARGUMENTS_BEGIN]), int(fields[_ARGUMENTS_END])
    shown = b"".join(os.fsencode(word) + b"\0" for word in command).ljust(end - begin, b"\0")
    with Path("/proc/self/mem").open("r+b", buffering=0) as memory:
        memory.seek(begin)
        memory.write(shown[: end - begin])


def import_the_rest() -> None:
    """Import what servers import after their start."""
    for module in IMPORTED_LATE:
        if importlib.util.find_spec(module.partition(".")[0]) is not None:
            importlib.import_module(module)


def main() -> None:
    """Import the rest, then serve on the socket that is standard input."""
    gc.disable()  # a collection would write to pages that all servers share
    try:
        settings = load()
        logs.set_up(processes.TEMPLATE, settings.log_level, settings.log_format)
        listener = socket.socket(fileno=os.dup(0))
        with Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        rename_process(sys.orig_argv)  # where this fails, no server must be forked
        template = Template(listener, settings)
    except (SettingsError, OSError) as error:
        sys.exit(f"This process is started by a server. {error}")
    import_the_rest()
    if threading.active_count() > 1:
        raise RuntimeError("a module has started a thread, which no fork would have")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # servers that end leave no zombie
    gc.freeze()
    logger.info("ready to fork servers", pid=os.getpid())
    begin = template.run()
    if begin is not None:
        begin()


if __name__ == "__main__":
    main()
