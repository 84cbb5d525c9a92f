"""The template process: it has imported what the servers need, and forks each server when a supervisor requests it.

A server that is forked runs after milliseconds, where a new Python imports for a quarter of a second. The template has
one thread, no event loop, and no file or connection that a server could share with it. It ends by itself when its
folder was moved, and when no server is connected any more. ``server.supervision.template_client`` is the other side.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import msgspec
import structlog

from server import communication_server, main_server, name_server, replication_server
from server.process import late_imports
from server.settings import Settings, SettingsError, load
from server.supervision import processes, template_socket
from server.supervision.run_directory import RunDirectory
from server.telemetry import logs
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

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
    """Answers supervisors on one socket, and passes their requests on to processes that it forks. For one thread."""

    def __init__(self, listener: socket.socket, settings: Settings) -> None:
        """``listener`` is bound, and does not listen yet: no supervisor can connect before the template is ready."""
        self._listener = listener
        self._settings = settings
        self._run_directory = RunDirectory(settings)
        self._code = processes.own_code()
        self._connections: list[socket.socket] = []
        # The connection to a process that waits to become the next server. It sends READY first.
        self._spare: socket.socket | None = None
        # When a process was last forked, and when a supervisor was last connected (monotonic seconds).
        self._forked_at = self._used_at = time.monotonic()

    def run(self) -> None:
        """Serve until this process is not needed any more."""
        self._listener.listen(MOST_CONNECTIONS)
        while self._is_needed():
            if self._spare is None and time.monotonic() - self._forked_at > SPARE_AFTER_S:
                self._spare = self._fork()
            for one in select.select([self._listener, *self._connections], [], [], CHECK_EVERY_S)[0]:
                if one is self._listener:
                    self._accept()
                else:
                    self._answer(one)

    def _is_needed(self) -> bool:
        if self._connections:
            self._used_at = time.monotonic()
        return self._run_directory.is_in_place and time.monotonic() - self._used_at < UNUSED_S

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        if len(self._connections) < MOST_CONNECTIONS and template_socket.is_of_this_user(connection):
            connection.setblocking(False)
            self._connections.append(connection)
        else:
            connection.close()

    def _answer(self, connection: socket.socket) -> None:
        """Answer a beat. Pass a request on, with the connection, to the process that becomes the server."""
        message, files = b"", list[int]()
        with contextlib.suppress(OSError):  # else its process has ended
            message, files, *_ = socket.recv_fds(connection, template_socket.LARGEST_MESSAGE, 1)
        if message == template_socket.BEAT:
            with contextlib.suppress(OSError):
                connection.send(self._code.encode())
            return
        self._connections.remove(connection)
        with connection:
            if message:
                self._pass_on(message, [*files, connection.fileno()])
        for number in files:
            os.close(number)

    def _pass_on(self, request: bytes, files: Sequence[int]) -> None:
        """Send a request to the spare, or fork a process that has received it."""
        if self._spare is not None:
            with contextlib.suppress(OSError):  # it still copies its memory, or has ended
                self._spare.recv(len(READY), socket.MSG_DONTWAIT)
                spare, self._spare = self._spare, None
                with spare:
                    socket.send_fds(spare, [request], files)
                return
        if (process := self._fork(request, files)) is not None:
            process.close()

    def _fork(self, request: bytes = b"", files: Sequence[int] = ()) -> socket.socket | None:
        """Fork a process that becomes the server of a request: this one, or the first that it receives.

        Return the connection to it; None if that is not possible.
        """
        self._forked_at = time.monotonic()
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if request:
            socket.send_fds(ours, [request], files)
        try:
            pid = os.fork()
        except OSError as error:
            logger.error("no server can be forked", why=error.strerror)
            return None
        if pid == 0:
            for shared in (ours, self._listener, self._spare, *self._connections):
                if shared is not None:
                    shared.close()
            self._become_server(its)
        its.close()
        return ours

    # -- in a forked process --------------------------------------------------------------------------------------

    def _become_server(self, template: socket.socket) -> NoReturn:
        """Wait for a request, and become a process that its starter could have started with ``processes.start``."""
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        message, files = b"", list[int]()
        with template, contextlib.suppress(OSError):  # else the template has ended
            if not select.select([template], [], [], 0)[0]:
                self._copy_memory()
                template.send(READY)
            message, files, *_ = socket.recv_fds(template, template_socket.LARGEST_MESSAGE, 2)
        if not message:
            os._exit(0)
        request = msgspec.convert(json.loads(message), template_socket.Request)
        output, starter = files
        for number in (1, 2):
            os.dup2(output, number)
        os.close(output)
        os.environ.clear()
        os.environ.update({**request.environment, processes.CODE: self._code})
        time.tzset()
        command = processes.command_of(request.role, self._settings)
        sys.argv = command if request.role == NAME_SERVER else command[1:]
        rename_process(command)
        gc.enable()
        with socket.socket(fileno=starter) as connection:
            try:
                connection.send(msgspec.json.encode(self._run_directory.run_of(request.role, os.getpid())))
            except OSError:  # the starter has gone on without this server
                os._exit(0)
        _SERVERS[request.role]()
        sys.exit()

    def _copy_memory(self) -> None:
        """Wait as the spare: write to nearly every page of the heap, which takes longest."""
        rename_process([*processes.command_of(processes.TEMPLATE, self._settings)[:2], "spare"])
        gc.unfreeze()
        gc.collect()
        gc.freeze()


def rename_process(command: Sequence[str]) -> None:
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
    late_imports.import_all()
    if threading.active_count() > 1:
        raise RuntimeError("a module has started a thread, which no fork would have")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # servers that end leave no zombie
    gc.freeze()
    logger.info("ready to fork servers", pid=os.getpid())
    template.run()


if __name__ == "__main__":
    main()
