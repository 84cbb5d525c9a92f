"""A cluster from an attacker's view: its ports, its processes and their memory. For the fuzz run."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import NamedTuple

import psutil

from server.control.cluster import ClusterControl
from server.replication.link.place import SOCKET
from server.supervision.processes import ROLES
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION
from wire.rpc import Address

MEGABYTE = 1 << 20

CLIENT = "client"
PEERS = "peer"
METRICS = "metrics"
NAMES = "name server"
LINK = "link"


class AttackedPort(NamedTuple):
    """A port of the cluster: its role, its use (CLIENT, PEERS, METRICS, NAMES, LINK), and its address.

    The replica link has the file of a Unix socket instead of an address.
    """

    role: str
    use: str
    address: Address
    file: str = ""

    def connect(self, timeout_s: float) -> socket.socket:
        """Open a connection. Raises OSError."""
        if not self.file:
            return socket.create_connection(self.address, timeout_s)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout_s)
        try:
            connection.connect(self.file)
        except OSError:
            connection.close()
            raise
        return connection


class AttackSurface:
    """The ports and processes of a running cluster on this machine."""

    def __init__(self, cluster: ClusterControl) -> None:
        self._cluster = cluster
        self.name_server = cluster.name_server
        self.is_whole = cluster.is_whole

    def ports(self) -> list[AttackedPort]:
        """Return every port that a server may listen on."""
        settings = self._cluster.settings
        servers = (MAIN, COMMUNICATION, REPLICATION)
        run = settings.data / "run"
        link = AttackedPort(REPLICATION, LINK, Address("", 0), str(run / SOCKET))
        return [
            *(AttackedPort(role, CLIENT, settings.public_address_of(role)) for role in servers),
            *(AttackedPort(role, PEERS, settings.peer_address_of(role)) for role in servers),
            *(
                AttackedPort(role, METRICS, Address(settings.metrics_host, port))
                for role in servers
                if (port := settings.metrics_port_of(role))
            ),
            AttackedPort(NAME_SERVER, NAMES, settings.name_server),
            *([link] if (run / SOCKET).exists() else []),
        ]

    def processes(self) -> Mapping[str, tuple[int, float] | None]:
        """Return the pid and the start time of the process of each role."""
        runs = {role: self._cluster.process_of(role) for role in ROLES}
        return {role: None if run is None else (run.pid, run.created) for role, run in runs.items()}

    def memory_mb(self) -> Mapping[str, float]:
        """Return the resident memory (RSS) of each running process, in MB."""
        found: dict[str, float] = {}
        for role in ROLES:
            run = self._cluster.process_of(role)
            process = None if run is None else run.process()
            if process is not None:
                try:
                    found[role] = process.memory_info().rss / MEGABYTE
                except psutil.NoSuchProcess:
                    continue  # the process has ended meanwhile
        return found

    def names(self) -> int | None:
        """Return the number of usernames at the main server, or None while it does not answer."""
        return next((role.names for role in self._cluster.status() if role.role == MAIN), None)
