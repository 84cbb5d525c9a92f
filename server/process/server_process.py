"""One server process of any role: a lock, an event loop, two endpoints, supervision and an orderly end.

Anybody may call the client endpoint. The peer endpoint is for servers with the cluster's key. Both, and all decisions
of the role, run in the event loop. Work that waits (supervision, registration, logs, metrics) has threads. A role adds
its remote objects and the roles that it supervises; the server scripts put these together. It is one file because all
parts need the same beginning and end.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NoReturn

import structlog
from msgspec.structs import asdict

from server.process.registration import Registration
from server.runtime import fd_limits
from server.runtime.effects import Await, Effects
from server.runtime.event_loop import EventLoop, LoopHost
from server.runtime.procedures import CommitLock, Host, Procedure
from server.runtime.retries import Retries
from server.runtime.security import cluster_id, cluster_key, peer_key
from server.runtime.this_machine import is_here, machine_id
from server.settings import Settings
from server.settings_addresses import is_loopback
from server.supervision import processes, template_socket
from server.supervision.heartbeat import Heartbeat, NameServerHeartbeat, PeerHeartbeat, TemplateHeartbeat
from server.supervision.processes import TEMPLATE
from server.supervision.restart_rules import STAND_DOWN_S
from server.supervision.run_directory import RunDirectory
from server.supervision.supervisor import DEFER_S, Supervisor
from server.telemetry import logs, metrics
from server.telemetry.counters import Traffic
from server.telemetry.metrics import Reading
from server.telemetry.metrics_port import MetricsPort
from wire import COMMUNICATION, MAIN, NAME_SERVER, PEER, PROTOCOL_VERSION, REPLICATION, rpc
from wire.errors import StorageFailed, TicTacToeError
from wire.later import Later
from wire.rpc import Address
from wire.rpc.endpoint import Endpoint

OWNER_CHECK_S = 0.2
TEMPLATE_AFTER_S = {REPLICATION: 0.4, MAIN: 1.2, COMMUNICATION: 2.0}
"""Seconds after which a server starts a template process that is missing: one of them, and none in a takeover."""
WRITE_RETRY_S = 2.0
"""Seconds until the next attempt to write a run file."""

logger = structlog.get_logger()


class ServerProcess:
    """One server process. Make it, offer objects, then ``run`` it. ``go_on`` is false once it has to end."""

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
        self._ending = threading.Event()
        self.loop = EventLoop(settings.event_loop, self._on_loop_failure)
        self.host: Host = LoopHost(self.loop)
        """Carries out the effects of this server's procedures. The role sets it, and ``commit_lock``."""
        self.commit_lock: CommitLock | None = None
        self._standing_down_until = -math.inf  # monotonic; before it, no supervisor starts or ends a server
        self.supervisors: list[Supervisor] = []
        self._threads: list[threading.Thread] = []
        self._at_end: list[Callable[[], Later | None]] = []  # run in this order, at an orderly end only
        self.retries: dict[str, Retries] = {"registration": self._registration.retries}
        """Tasks that this server tries until they succeed, by name; see ``metrics.FAILED_TRIES``."""
        if self.run_directory.read(role) != self._run_file:
            self.in_background("run file", self._write_run_file)
        rpc.configure(
            largest_message=settings.max_message_bytes,
            connections=connections,
            idle_s=settings.idle_connection_s,
        )
        peer = settings.peer_address_of(role)
        self.traffic, self.peer_traffic = Traffic(), Traffic()
        where = Address(settings.peer_bind_host, peer.port)
        self.peers = Endpoint(
            where, key=peer_key(self.key, role), answered=self.peer_traffic.answered, run=self.run_procedure
        )
        self.clients: Endpoint | None = None
        self._serves_clients = False
        self.metrics = MetricsPort(Address(settings.metrics_host, settings.metrics_port_of(role)))
        self.measure(self._readings)
        self.in_background("metrics", lambda: self.metrics.run(self.go_on, self.pause))
        if settings.owner_pid:
            self.in_background("owner", self._end_with_owner)

    # -- start and end --------------------------------------------------------------------------------------------

    def go_on(self) -> bool:
        """Return whether this server continues."""
        return not self._ending.is_set()

    def end(self) -> None:
        """Start an orderly end. A supervisor then starts this role again, unless the servers stand down.

        Any thread may call this.
        """
        if not self._ending.is_set():
            self._ending.set()
            self.loop.from_thread(self._end_in_order)

    def pause(self, seconds_: float) -> None:
        """Wait that many seconds, or until this server ends."""
        self._ending.wait(seconds_)

    def at_end(self, action: Callable[[], Later | None]) -> None:
        """Run an action before the process ends in good order. If it returns a ``Later``, the end waits for that."""
        self._at_end.append(action)

    def step_down(self, why: str, *, status: int = 1) -> NoReturn:
        """End at once, without answers to open calls: the state in memory must not be served any more."""
        logger.error("stepping down", why=why)
        logs.flush()
        os._exit(status)

    def give_up(self, why: str) -> NoReturn:
        """End at once, and end processes started from here that have not answered yet.

        They have no use without this server.
        """
        self.stand_down()
        self.step_down(why, status=processes.CANNOT_START)

    def in_background(self, name: str, run: Callable[[], None]) -> None:
        """Run in a thread. An exception there ends the process, and the next one starts with good state."""

        def guarded() -> None:
            try:
                run()
            except Exception:
                logger.exception("thread failed", thread=name)
                self.step_down(f"the thread {name} failed")

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def repeat(self, name: str, work: Callable[[], None], pause_s: float, retries: Retries) -> None:
        """Do work in a thread, again and again. ``retries`` stores why the disk refuses it."""

        def repeat() -> None:
            while self.go_on():
                self.pause(pause_s)  # pause first, so that a takeover is not slowed down
                with retries.attempt(StorageFailed):
                    work()

        self.in_background(name, repeat)

    def begin(self, name: str, effects: Effects[None], host: Host | None = None) -> Procedure[None]:
        """Run a procedure in the background. An error that it does not handle ends the process.

        ``host``: one of its own, in place of the server's.
        """

        def ended(_value: Any, error: TicTacToeError | None) -> None:
            if error is not None:
                self.step_down(f"the procedure {name} failed: {error!r}")

        procedure = Procedure(effects, host or self.host, self.commit_lock)
        procedure.begin().then(ended)
        return procedure

    def run_procedure(self, effects: Effects[Any]) -> Later:
        """Begin a procedure of a remote method, and return its answer."""
        return Procedure(effects, self.host, self.commit_lock).begin()

    def measure(self, readings: Callable[[], Iterator[Reading]]) -> None:
        """Add metrics. They are read in the event loop."""
        self.metrics.include(lambda: iter(self.loop.result_of(lambda: list(readings()))))

    def serve_peers(self, peer_object: object) -> None:
        """Offer that object to the other servers, and start to serve them."""
        self.peers.offer(PEER, peer_object)
        self.peers.begin(self.loop.loop)

    def open_to_clients(self) -> Endpoint:
        """Make and return the endpoint for clients. Their connections wait until ``serve_clients``."""
        address = Address(self.settings.bind_host, self.settings.client_port_of(self.role))
        most = self.settings.max_connections_per_host
        self.clients = Endpoint(address, most_of_host=most, answered=self.traffic.answered, run=self.run_procedure)
        return self.clients

    def serve_clients(self) -> None:
        """Serve clients from now on, and register with the name server. No effect when it serves them already."""
        if self.clients is not None and self.go_on() and not self._serves_clients:
            self._serves_clients = True
            self._log_open_ports()
            self.in_background("registration", lambda: self._registration.run(self.go_on, self.pause))
            self.clients.begin(self.loop.loop)

    def run(self) -> None:
        """Run the event loop until this server ends."""
        self.loop.run()
        for supervisor in self.supervisors:
            supervisor.abandon_start()
        logger.info("server ended")

    # -- supervision ----------------------------------------------------------------------------------------------

    def supervise(self, roles: Sequence[str]) -> None:
        """Supervise these roles, each in a thread of its own."""
        has_template = template_socket.is_possible(self.settings)
        for role in (*roles, TEMPLATE) if has_template else roles:
            defers = (self.role, role) == (COMMUNICATION, REPLICATION)
            supervisor = Supervisor(
                role,
                self.settings,
                self.run_directory,
                self._heartbeat_of(role),
                supervised=self._is_here(role),
                standby=not (has_template or defers or role == NAME_SERVER),
                defer_s=TEMPLATE_AFTER_S[self.role] if role == TEMPLATE else DEFER_S if defers else 0.0,
                defers_to=MAIN if defers else None,
            )
            self.supervisors.append(supervisor)
            self.in_background(f"supervise {role}", partial(supervisor.run, self.go_on, self._is_standing_down))

    def _is_here(self, role: str) -> bool:
        """Return whether that server belongs on this machine, so that this process can end and start it."""
        # These two always share a machine, and a slow host name lookup must not delay them.
        return role == TEMPLATE or {self.role, role} == {MAIN, REPLICATION} or is_here(self.settings.host_of(role))

    def _heartbeat_of(self, role: str) -> Heartbeat:
        if role == NAME_SERVER:
            return NameServerHeartbeat(self.settings.name_server)
        if role == TEMPLATE:
            return TemplateHeartbeat(self.settings, self.run_directory)
        return PeerHeartbeat(role, self.settings.peer_address_of(role), self.key)

    def _is_standing_down(self) -> bool:
        return time.monotonic() < self._standing_down_until

    def stand_down(self) -> None:
        """Start and end no server for ``STAND_DOWN_S`` from now: the whole cluster is being stopped."""
        self._standing_down_until = time.monotonic() + STAND_DOWN_S
        for supervisor in self.supervisors:
            supervisor.abandon_start()

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
            "connections": 0 if self.clients is None else self.clients.connections,
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
            yield Reading(metrics.CONNECTIONS, 0 if endpoint is None else endpoint.connections, (port,))
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

    def _write_run_file(self) -> None:
        """Write the run file as soon as the disk allows it."""
        writing = self.retries["run file"] = Retries("run file not written")
        while self.go_on():
            with writing.attempt(StorageFailed):
                self.run_directory.write(self._run_file)
            if writing.trouble is None:
                return
            self.pause(WRITE_RETRY_S)

    def _end_in_order(self) -> None:
        self.run_procedure(self._at_end_actions()).then(lambda _value, _error: self.loop.stop())

    def _at_end_actions(self) -> Effects[None]:
        for action in self._at_end:
            later = action()
            if later is not None:
                yield Await(later)

    def _on_loop_failure(self, message: str, error: BaseException | None) -> None:
        logger.error("event loop failed", why=message, exc_info=error)
        self.step_down(f"an error reached the event loop: {error!r}")

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
