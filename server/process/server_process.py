"""One server process of any role: a lock, two endpoints, metrics, supervision and an entry in the name server.

Anybody may call the client endpoint. The peer endpoint is for servers with the cluster's key. Both, and all decisions
of the role, run in the event loop. Work that waits (supervision, registration, logs, metrics) has threads: see
``tasks``. A role adds its remote objects and the roles that it supervises; the server scripts put these together.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NoReturn

import structlog
from msgspec.structs import asdict

from server.process.registration import Registration
from server.process.tasks import Tasks
from server.runtime import fd_limits
from server.runtime.retries import Retries
from server.runtime.security import cluster_id, cluster_key, peer_key
from server.runtime.this_machine import machine_id
from server.settings import Settings
from server.settings_addresses import is_loopback
from server.supervision import processes
from server.supervision.run_directory import RunDirectory
from server.supervision.supervisor import Supervisor
from server.supervision.supervisors import supervisors_of
from server.telemetry import metrics
from server.telemetry.counters import Traffic
from server.telemetry.metrics import Reading
from server.telemetry.metrics_port import FIRST_S, MetricsPort
from wire import NAME_SERVER, PEER, PROTOCOL_VERSION, rpc
from wire.rpc import Address
from wire.rpc.endpoint import Endpoint

OWNER_CHECK_S = 0.2
WRITE_RETRY_S = 2.0
"""Seconds until the next attempt to write a run file."""

logger = structlog.get_logger()


class ServerProcess(Tasks):
    """One server process. Make it, offer objects, then ``run`` it."""

    def __init__(self, role: str, settings: Settings) -> None:
        """Take the lock of this role. Raises AlreadyRunning, SettingsError."""
        self.role = role
        self.settings = settings
        connections = fd_limits.connections_for(settings.max_connections)  # first: if this raises, no lock is held
        self.run_directory = RunDirectory(settings)
        self.key = cluster_key(settings)
        self.cluster_id = cluster_id(self.key)
        self._registration = Registration(settings, self.cluster_id, role)
        self._lock = self.run_directory.acquire_lock(role)
        self.machine = machine_id(settings.data / "run")
        self.started_at = time.time()
        self._run_file = self.run_directory.run_of(role, os.getpid())
        super().__init__(settings.event_loop)
        self.retries["registration"] = self._registration.retries
        self.supervisors: list[Supervisor] = []
        if self.run_directory.read(role) != self._run_file:
            writing = self.retries["run file"] = Retries("run file not written")
            work = partial(self.run_directory.write, self._run_file)
            self.begin("run file", self.retry(work, WRITE_RETRY_S, writing))
        rpc.configure(
            largest_message=settings.max_message_bytes,
            connections=connections,
            idle_s=settings.idle_connection_s,
        )
        self.traffic, self.peer_traffic = Traffic(), Traffic()
        self.peers = Endpoint(
            Address(settings.peer_bind_host, settings.peer_address_of(role).port),
            key=peer_key(self.key, role),
            answered=self.peer_traffic.answered,
            run=self.run_procedure,
        )
        # Clients that connect before ``serve_clients`` wait; they need not reconnect.
        self.clients = Endpoint(
            Address(settings.bind_host, settings.client_port_of(role)),
            most_of_host=settings.max_connections_per_host,
            answered=self.traffic.answered,
            run=self.run_procedure,
        )
        self._serves_clients = False
        self.metrics = MetricsPort(Address(settings.metrics_host, settings.metrics_port_of(role)))
        self.measure(self._readings)
        self.in_background("metrics", lambda: self.metrics.run(self.go_on, self.pause), after_s=FIRST_S)
        if settings.owner_pid:
            self.in_background("owner", self._end_with_owner, after_s=OWNER_CHECK_S)

    def run(self) -> None:
        """Run the event loop until this server ends."""
        self.loop.run()
        self.stand_down()
        logger.info("server ended")

    def give_up(self, why: str) -> NoReturn:
        """End at once, and end processes started from here that have not answered yet.

        They have no use without this server.
        """
        self.stand_down()
        self.step_down(why, status=processes.CANNOT_START)

    # -- what it serves -------------------------------------------------------------------------------------------

    def measure(self, readings: Callable[[], Iterator[Reading]]) -> None:
        """Add metrics. They are read in the event loop."""
        self.metrics.include(lambda: self.loop.result_of(lambda: list(readings())))

    def serve_peers(self, peer_object: object) -> None:
        """Offer that object to the other servers, and start to serve them."""
        self.peers.offer(PEER, peer_object)
        self.peers.begin(self.loop.loop)

    def serve_clients(self) -> None:
        """Serve clients from now on, and register with the name server. No effect when it serves them already."""
        if self.go_on() and not self._serves_clients:
            self._serves_clients = True
            self._log_open_ports()
            self.in_background("registration", lambda: self._registration.run(self.go_on, self.pause))
            self.clients.begin(self.loop.loop)

    # -- supervision ----------------------------------------------------------------------------------------------

    def supervise(self, roles: Sequence[str]) -> None:
        """Supervise these roles and the template process, each in a thread of its own."""
        for supervisor in supervisors_of(self.role, roles, self.settings, self.run_directory, self.key):
            self.supervisors.append(supervisor)
            self.in_background(f"supervise {supervisor.role}", partial(supervisor.run, self.go_on))

    def stand_down(self) -> None:
        """Start and end no server for ``STAND_DOWN_S`` from now: the whole cluster is being stopped."""
        for supervisor in self.supervisors:
            supervisor.stand_down()

    # -- what it reports ------------------------------------------------------------------------------------------

    @property
    def identity(self) -> dict[str, object]:
        """The process and its run directory; see ``RunFile``."""
        return asdict(self._run_file)

    def status(self) -> dict[str, object]:
        """Return the identity of this process, its supervisors, and what fails now."""
        return {
            **self.identity,
            "started_at": self.started_at,
            "protocol": PROTOCOL_VERSION,
            "connections": self.clients.connections,
            "cluster": self.cluster_id,
            "conflict": self._registration.conflict,
            "watches": {supervisor.role: supervisor.status() for supervisor in self.supervisors},
            "troubles": {
                what: retries.trouble._asdict()
                for what, retries in list(self.retries.items())
                if retries.trouble is not None
            },
        }

    def _readings(self) -> Iterator[Reading]:
        """Yield the metrics of every server: connections, refused calls, replaced servers, failed attempts."""
        yield Reading(metrics.INFO, 1, (self.role, str(PROTOCOL_VERSION)))
        ports = (("clients", self.clients, self.traffic), ("peers", self.peers, self.peer_traffic))
        for port, endpoint, traffic in ports:
            yield Reading(metrics.CONNECTIONS, endpoint.connections, (port,))
            for code, count in list(traffic.refused.items()):
                yield Reading(metrics.REFUSED, count, (port, code))
        for supervisor in self.supervisors:
            yield from supervisor.readings()
        for what, retries in list(self.retries.items()):
            trouble = retries.trouble
            yield Reading(metrics.FAILING_SINCE, 0 if trouble is None else trouble.since, (what,))
            for code, count in list(retries.codes.items()):
                yield Reading(metrics.FAILED_TRIES, count, (what, code))

    # -- inside ---------------------------------------------------------------------------------------------------

    def _end_with_owner(self) -> None:
        """End when the process that owns this cluster is gone.

        End the name server, too: it does not check the owner.
        """
        owner = processes.owner_of(self.settings)
        while owner is not None and owner.alive:
            if self._ending.wait(OWNER_CHECK_S):
                return
        logger.info("owner process is gone", owner=self.settings.owner_pid)
        self.stand_down()
        for name_server in processes.find_runs(self.settings, NAME_SERVER):
            processes.kill(name_server)
        self.end()

    def _log_open_ports(self) -> None:
        settings = self.settings
        logger.info(
            "listening",
            clients=str(Address(settings.bind_host, settings.client_port_of(self.role))),
            peers=str(Address(settings.peer_bind_host, settings.peer_address_of(self.role).port)),
            pid=os.getpid(),
        )
        open_to = [("clients", settings.bind_host), ("servers with the cluster's key", settings.peer_bind_host)]
        if settings.metrics_port_of(self.role):
            open_to.append(("readers of metrics", settings.metrics_host))
        for callers, host in open_to:
            if not is_loopback(host):
                logger.warning("open to the network", to=callers, on=host)
