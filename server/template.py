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

import structlog

from server import communication_server, main_server, name_server, replication_server
from server.settings import Settings, SettingsError, load
from server.supervision import forked_server, processes, template_socket
from server.supervision.run_directory import RunDirectory
from server.telemetry import logs
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

IMPORTED_LATE = ("asyncio", "openskill.models", "optparse", "precis_i18n", "prometheus_client", "uvloop")
"""Modules that a server imports at or after its start, if they are installed."""
CHECK_EVERY_S = 0.1
UNUSED_S = 3.0
"""Seconds without a connection after which the template ends. Every server keeps one."""
MOST_CONNECTIONS = 64
SPARE_AFTER_S = 0.2
"""Seconds from one fork to the next spare: before that, the recovery needs the processor."""
READY = b"ready"
_SERVERS: Mapping[str, Callable[[], None]] = {
    MAIN: main_server.main,
    COMMUNICATION: communication_server.main,
    REPLICATION: replication_server.main,
    NAME_SERVER: name_server.main,
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
        # The connection to a process that waits to become the next server. It is used once it has sent READY.
        self._spare: socket.socket | None = None
        self._spare_is_ready = False
        # When a process was last forked (monotonic seconds).
        self._forked_at = time.monotonic()
        self._used_at = time.monotonic()

    def run(self) -> Callable[[], None] | None:
        """Serve until this process is not needed any more, then return None. In a forked process, return its main."""
        self._run_directory.try_to_write(self._run_directory.run_of(processes.TEMPLATE, os.getpid()))
        self._listener.listen(MOST_CONNECTIONS)
        while self._is_needed():
            spare_is_due = self._spare is None and time.monotonic() - self._forked_at > SPARE_AFTER_S
            if spare_is_due and (server := self._fork_spare()):
                return server
            waiting = select.poll()
            sockets = (self._listener, *self._connections.values(), *([] if self._spare is None else [self._spare]))
            for one in sockets:
                waiting.register(one, select.POLLIN)
            for number, _ in waiting.poll(CHECK_EVERY_S * 1000):
                if number == self._listener.fileno():
                    self._accept()
                elif self._spare is not None and number == self._spare.fileno():
                    self._hear_spare(self._spare)
                elif number in self._connections and (server := self._answer(self._connections[number])):
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

    def _answer(self, connection: socket.socket) -> Callable[[], None] | None:
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
        if received is None:
            return None
        request, (output,) = received
        del self._connections[connection.fileno()]
        # Afterwards the server alone has the other end of the connection: it closes when the server ends.
        with connection, os.fdopen(output, "wb", buffering=0) as log:
            self._forked_at = time.monotonic()
            if self._spare_becomes(request, log.fileno(), connection) or self._fork() != 0:
                return None
            return self._become(request, os.dup(log.fileno()), connection.dup())

    def _forget(self, connection: socket.socket) -> None:
        del self._connections[connection.fileno()]
        connection.close()

    def _fork(self) -> int:
        """Fork this process, and return 0 in the new one, which closes what it must not share. -1: not possible."""
        try:
            pid = os.fork()
        except OSError as error:
            logger.error("no server can be forked", why=error.strerror)
            return -1
        if pid == 0:
            os.setsid()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for other in (self._listener, self._spare, *self._connections.values()):
                if other is not None:
                    other.close()
        return pid

    # -- the spare ------------------------------------------------------------------------------------------------

    def _fork_spare(self) -> Callable[[], None] | None:
        """Fork a process that waits for the next request. It has copied its memory before, which takes longest."""
        self._forked_at = time.monotonic()
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = self._fork()
        if pid == 0:
            ours.close()
            return self._wait_as_spare(its)
        its.close()
        self._spare, self._spare_is_ready = ours, False
        return None

    def _wait_as_spare(self, template: socket.socket) -> Callable[[], None]:
        rename_process([*processes.command_of(processes.TEMPLATE, self._settings)[:2], "spare"])
        gc.unfreeze()
        gc.collect()  # writes to nearly every page of the heap
        gc.freeze()
        try:
            template.send(READY)
            received = template_socket.receive(template, 2)
        except OSError:  # the template has ended
            os._exit(0)
        if received is None:
            raise RuntimeError("a spare got a beat")
        request, (output, starter) = received
        template.close()
        return self._become(request, output, socket.socket(fileno=starter))

    def _hear_spare(self, spare: socket.socket) -> None:
        try:
            self._spare_is_ready = spare.recv(len(READY)) == READY
        except OSError:
            self._spare_is_ready = False
        if not self._spare_is_ready:  # it has ended
            spare.close()
            self._spare = None

    def _spare_becomes(self, request: template_socket.Request, output: int, starter: socket.socket) -> bool:
        """Let the spare become the server; return whether there is one."""
        if self._spare is None or not self._spare_is_ready:
            return False
        with self._spare as spare:
            self._spare = None
            try:
                socket.send_fds(spare, [template_socket.encode(request)], [output, starter.fileno()])
            except OSError:  # it has ended
                return False
        return True

    # -- the server -----------------------------------------------------------------------------------------------

    def _become(self, request: template_socket.Request, output: int, starter: socket.socket) -> Callable[[], None]:
        """Make this forked process one that its starter could have started with ``processes.start``."""
        for number in (1, 2):
            os.dup2(output, number)
        os.close(output)
        set_environment({**request.environment, processes.CODE: self._code})
        command = processes.command_of(request.role, self._settings)
        sys.argv = command if request.role == NAME_SERVER else command[1:]
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
    Path("/proc/self/comm").write_text(Path(command[0]).name)


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
