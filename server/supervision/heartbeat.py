"""Heartbeat calls to a server of this cluster and to the name server. ``supervisors`` chooses one for each role."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import NamedTuple

import psutil
from msgspec import convert

from server.runtime.security import peer_key
from server.settings import Settings
from server.supervision import template_client, template_socket
from server.supervision.processes import TEMPLATE
from server.supervision.run_directory import RunDirectory
from server.supervision.run_file import RunFile
from wire import PEER
from wire.errors import Unreachable
from wire.rpc import Address, NameServerWatch, Proxy


class HeartbeatAnswer(NamedTuple):
    """The answer to a heartbeat: the process, whether it does its work, and whether its copy of the log needs repair.

    ``run`` is None if the process is not known.
    """

    run: RunFile | None
    serving: bool
    damaged: bool = False


class PeerHeartbeat:
    """The heartbeat of a server of this cluster. The connection opens at a heartbeat, and again after ``close``."""

    def __init__(self, role: str, address: Address, key: bytes) -> None:
        """``key`` is the cluster's key."""
        self._role = role
        self._remote = Proxy(address, PEER, key=peer_key(key, role))
        # True after an answer from a server that does its work; only then may the next call wait.
        self._was_serving = False

    def beat(self, wait_s: float, timeout_s: float) -> HeartbeatAnswer:
        """Wait for a heartbeat. Raises a TicTacToeError without one."""
        answer = self._remote.call("beat", wait_s if self._was_serving else 0.0, timeout_s=wait_s + timeout_s)
        self._was_serving = answer["serving"]
        run = convert({**answer, "role": self._role}, RunFile)
        return HeartbeatAnswer(run, answer["serving"], answer.get("damaged", False))

    def close(self) -> None:
        self._was_serving = False
        self._remote.close()


class NameServerHeartbeat:
    """The heartbeat of the name server: a ping, because it is not a program of this project."""

    def __init__(self, address: Address) -> None:
        self._remote = Proxy(address, "Pyro.NameServer", serializer="serpent")
        self._watch = NameServerWatch(address)

    def beat(self, wait_s: float, timeout_s: float) -> HeartbeatAnswer:
        self._remote.call("ping", timeout_s=timeout_s)
        self._watch.wait(wait_s, time.sleep)  # shorter if the name server ends
        return HeartbeatAnswer(None, serving=True)

    def close(self) -> None:
        self._watch.close()
        self._remote.close()


class TemplateHeartbeat:
    """The heartbeat of the template process, on a connection of its own. ``close`` ends that."""

    def __init__(self, settings: Settings, run_directory: RunDirectory) -> None:
        self._settings = settings
        self._run_directory = run_directory
        self._connection: socket.socket | None = None
        # The process at the other end of the connection.
        self._run: RunFile | None = None

    def beat(self, wait_s: float, timeout_s: float) -> HeartbeatAnswer:
        """Wait, and return early when the process ends. Raises Unreachable, DeadlineExceeded."""
        if self._connection is None:
            self._connection = template_client.connect(self._settings, timeout_s)
            try:
                self._run = self._run_directory.run_of(TEMPLATE, template_socket.pid_of(self._connection))
            except psutil.NoSuchProcess:
                raise Unreachable("the template process has ended") from None
        else:
            self._connection.settimeout(wait_s)
            with contextlib.suppress(OSError):  # in most cases the time is up
                self._connection.recv(1)  # it sends nothing by itself, so this is the end
            self._connection.settimeout(timeout_s)
            template_socket.beat(self._connection)
        return HeartbeatAnswer(self._run, serving=True)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


Heartbeat = PeerHeartbeat | NameServerHeartbeat | TemplateHeartbeat
