"""Controls a whole cluster from outside: start, stop, status, kill. Used by the command line, the demo, tests and
benchmarks.

It works on the machine with the data folder and needs only the settings, no matter how the servers were started.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from server.control.stopping import CHECK_EVERY_S, CannotStop, Stop, repeat_until_quiet
from server.process.registration import Registration
from server.runtime import this_machine
from server.runtime.security import cluster_id, cluster_key
from server.settings import Settings
from server.supervision import processes, template_client, template_socket
from server.supervision.processes import ROLES, TEMPLATE
from server.supervision.role_status import (
    IN_STEP,
    OTHER_PROTOCOL,
    DrainStatus,
    RoleStatus,
    drain_status_from,
    whole,
)
from server.supervision.run_directory import RUNS_ALREADY, RunDirectory
from server.supervision.run_file import RunFile
from server.supervision.status import CALL_TIMEOUT_S, StatusReader
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION, rpc
from wire.errors import Diverged, TicTacToeError

START_S = 60.0
STOP_S = 60.0
DISCONNECT_S = 5.0
"""Seconds that a server gets to notice that a client has ended."""
_LAST_LINES = 5


class CannotStart(Exception):
    """A role did not start; the message names the role and has the last lines of its log."""


class NotRunning(Exception):
    """There is no process in that role."""


class ClusterControl(StatusReader):
    """Controls the cluster of these settings, and reads its status."""

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError when the data folder or the key cannot be used."""
        run_directory, key = RunDirectory(settings), cluster_key(settings)
        super().__init__(settings, run_directory, key)
        self._registration = Registration(settings, cluster_id(key))

    @property
    def name_server(self) -> str:
        """The "host:port" of the name server at which clients look up the cluster."""
        return str(self.settings.name_server)

    # -- start ----------------------------------------------------------------------------------------------------

    def start(
        self,
        on_progress: Callable[[str], None] = lambda _: None,
        *,
        timeout_s: float = START_S,
        reopen: bool = True,
    ) -> None:
        """Start the roles of this machine that do not run, and wait until clients can find them.

        If the main server is here, also wait until its replica is in sync.
        ``reopen``: end a drain, if none of the servers runs.
        ``on_progress`` is called with each role that is up.
        Raises CannotStart. Raises SettingsError when main and replication server are not on one machine.
        """
        here = self._roles_here()
        others = self.roles_with_other_protocol()
        if others:
            raise CannotStart(f"{others[0]} {OTHER_PROTOCOL}")
        missing = [role for role in here if self.process_of(role) is None]
        self._check_ports_of(missing)
        self._check_names()
        if reopen and not self.runs_here():
            self._run_directory.unmark_draining()
        if self.is_up(NAME_SERVER) and NAME_SERVER in missing:
            missing.remove(NAME_SERVER)  # a name server that another project started is enough
        if missing:
            template_client.ensure_template(self.settings)  # the code is imported once, not by each server
        started = {role: template_client.start(role, self.settings) for role in missing}
        deadline = time.monotonic() + timeout_s
        waiting = here
        while waiting:
            for role in [role for role in waiting if self.is_up(role)]:
                waiting.remove(role)
                on_progress(role)
            self._check_not_diverged()
            for role in waiting:
                ended = role in started and not started[role].alive and self.process_of(role) is None
                if ended or time.monotonic() > deadline:
                    raise CannotStart(f"{role} did not come up. {self.log_tail(role)}")
            time.sleep(CHECK_EVERY_S)

    def _roles_here(self) -> list[str]:
        here = [role for role in ROLES if this_machine.is_here(self.settings.host_of(role))]
        if MAIN in here or REPLICATION in here:
            this_machine.check_one_machine(self.settings)
        if not here:
            raise CannotStart(
                "The settings have none of the servers on this machine: see MAIN_HOST and the other hosts."
            )
        return here

    def _check_not_diverged(self) -> None:
        """Raises CannotStart if the main server serves only reads because the logs have diverged: a person must choose
        a log.
        """
        refuses_with = (self.call(MAIN, "status") or {}).get("refuses_with")
        if refuses_with is not None and refuses_with["code"] == Diverged.code:
            raise CannotStart(f"the servers run, but refuse commands: {refuses_with['why']}")

    def roles_with_other_protocol(self) -> list[str]:
        """Return the servers here that use another version of the protocol between servers. Raises Forbidden."""
        roles = [role for role in (MAIN, COMMUNICATION, REPLICATION) if self.process_of(role) is not None]
        return [role for role in roles if self.call(role, "status") is None and role in self._other_protocol]

    def _check_ports_of(self, roles: Sequence[str]) -> None:
        """Raises CannotStart if servers of another data folder use their ports; this folder may be a copy of it."""
        for role in roles:
            if conflict := self.port_conflict(role):
                raise CannotStart(
                    f"{role} cannot be started: {conflict}. Each cluster on a machine needs ports of its own"
                    " (MAIN_PORT, MAIN_PEER_PORT and so on)."
                )

    def _check_names(self) -> None:
        """Raises CannotStart if a running cluster has registered our names: clients would find servers of both
        clusters.
        """
        with contextlib.suppress(TicTacToeError):  # without a name server no cluster has the names
            conflict = self._registration.find_conflict()
            while conflict and self._registration.is_undecided:
                time.sleep(CHECK_EVERY_S)
                conflict = self._registration.find_conflict()
            if conflict:
                raise CannotStart(f"nothing was started: {conflict}.")

    def is_up(self, role: str) -> bool:
        """Whether clients find that role and it does its work; for the main server, with a replica in sync."""
        if role == NAME_SERVER:
            return rpc.name_server_answers(self.settings.name_server, timeout_s=CALL_TIMEOUT_S)
        status = self.call(role, "status")
        if status is None or (role == MAIN and status["step"] != IN_STEP):
            return False
        with contextlib.suppress(TicTacToeError):
            registered = rpc.look_up(self.settings.name_server, role, timeout_s=CALL_TIMEOUT_S)
            return registered.address == self.settings.public_address_of(role)
        return False

    def log_tail(self, role: str) -> str:
        """Return the last lines of that role's log, for people."""
        logs = (self.settings.data / "logs").glob(f"{role}-*.log")
        written = [(log, lines) for log in logs if (lines := log.read_text(errors="replace").splitlines())]
        if not written:
            return "It wrote no log."
        # The newest log may belong to a process that was refused because another has the role.
        log, lines = max(written, key=lambda found: (RUNS_ALREADY not in found[1][-1], found[0]))
        return "\n".join([f"Its log {log} ends with:", *lines[-_LAST_LINES:]])

    # -- stop -----------------------------------------------------------------------------------------------------

    def stop(self, *, timeout_s: float = STOP_S) -> None:
        """End all four processes for good: nothing starts them again. No error if nothing runs. Raises CannotStop."""
        repeat_until_quiet(Stop(self, self._run_directory).end_all, timeout_s)
        if self.foreign_name_server():
            with contextlib.suppress(TicTacToeError):  # the entries then lead nowhere; the next cluster replaces them
                self._registration.withdraw()

    def terminate_all(self, *, timeout_s: float = STOP_S) -> None:
        """End all four processes by signals, in good order and whatever protocol version they use.

        They are not stopped for good: the next start continues in the same state. Raises CannotStop.
        """

        def end_all(_for_s: float) -> set[RunFile]:
            # Servers first: a server that is ending restarts no other server.
            runs = sorted(self.processes(), key=lambda run: run.role == NAME_SERVER)
            with ThreadPoolExecutor(len(ROLES)) as pool:
                list(pool.map(processes.terminate, runs))
            return {*runs, *processes.kill_all(self.settings)}

        repeat_until_quiet(end_all, timeout_s)

    # -- drain ----------------------------------------------------------------------------------------------------

    def set_drain(self, on: bool, until: int | None = None) -> bool:
        """Begin to drain until the date ``until`` (seconds since 1970), or without a date; with ``on`` false, end the
        drain.

        Returns False if the main server does not answer now. Raises Forbidden.
        """
        return self.call(MAIN, "drain", on, until) is not None

    def drain_status(self) -> DrainStatus | None:
        """Return the progress of a drain; None while no main server answers. Raises Forbidden."""
        return drain_status_from(self.call(MAIN, "status") or {})

    # -- look and kill --------------------------------------------------------------------------------------------

    def has_clients(self, *, disconnect_s: float = DISCONNECT_S) -> bool:
        """Whether clients are connected, and still are after ``disconnect_s`` seconds.

        Servers need a moment to notice that a client has closed its connection. The house bot does not count. False if
        no server answers.
        """
        began = time.monotonic()
        while self._count_clients():
            if time.monotonic() - began > disconnect_s:
                return True
            time.sleep(CHECK_EVERY_S)
        return False

    def _count_clients(self) -> int:
        """Return the number of connections from clients."""
        main, communication = (self.call(role, "status") or {} for role in (MAIN, COMMUNICATION))
        of_the_bot = len(self.call(COMMUNICATION, "bot_matches") or ())  # one connection for each match
        at_main = int(main.get("connections", 0))
        return int(communication.get("connections", 0)) + max(0, at_main - of_the_bot)

    def runs_here(self) -> bool:
        """Whether any of the three servers runs on this machine."""
        return any(self.process_of(role) is not None for role in (MAIN, COMMUNICATION, REPLICATION))

    def is_whole(self) -> bool:
        """Whether all four roles run and the replica is in sync."""
        return whole(self.status())

    def template_status(self) -> RoleStatus:
        """Return the status of the template process, which forks the servers."""
        run = self.process_of(TEMPLATE)
        if run is None:
            return RoleStatus(TEMPLATE, "stopped")
        state = "silent"
        with contextlib.suppress(TicTacToeError), template_socket.connect(self.settings, CALL_TIMEOUT_S) as connection:
            template_socket.beat(connection)
            state = "running"
        return RoleStatus(TEMPLATE, state, pid=run.pid, started_at=run.created_at)

    def kill(self, role: str) -> int:
        """End a role's process with SIGKILL and return its pid. Raises NotRunning, CannotStop."""
        run = self.process_of(role)
        if run is None:
            raise NotRunning((role == NAME_SERVER and self.foreign_name_server()) or f"no {role} runs")
        if not processes.kill(run):
            raise CannotStop(f"{role} (pid {run.pid}) does not end; it may belong to another user")
        return run.pid

    def foreign_name_server(self) -> str:
        """Return a sentence for people about a name server that this cluster did not start, and so never ends.

        Empty if there is no such name server.
        """
        if self.process_of(NAME_SERVER) is not None or not self.is_up(NAME_SERVER):
            return ""
        return f"The name server at {self.name_server} was not started by this cluster: it is left running."

    def kill_if_running(self, role: str) -> bool:
        """End a role's process with SIGKILL, if there is one; return whether there was one."""
        run = self.process_of(role)
        return run is not None and processes.kill(run)
