"""The supervisor of a simulated process. It replaces the threads and processes around the real ``Supervision``."""

from __future__ import annotations

from collections.abc import Mapping

from game.errors import TicTacToeError
from server.supervision.restart_rules import Action, Condition, RestartLimits, Supervision
from server.supervision.supervisor import CHECK_EVERY_S, DEFER_S
from simulator.cluster.servers.machine import HANG_S, HEARTBEAT_S, START_GRACE_S, START_LIMIT_S, Machine
from simulator.cluster.servers.rpc import Process
from wire.errors import DeadlineExceeded


class SimulatedSupervisor:
    """Keeps another role running, as ``server.supervision.supervisor`` does."""

    def __init__(self, process: Process, machine: Machine, role: str, *, defers_to: str | None = None) -> None:
        self._process = process
        self._machine = machine
        self._role = role
        self._defers_to = defers_to
        # Whether the last heartbeat timed out. Otherwise the connection failed.
        self._hangs = False
        self.reports_damage = False
        """Whether the supervised role's last heartbeat reported damage in its journal."""
        limits = RestartLimits(
            grace_s=START_GRACE_S,
            hang_s=HANG_S,
            start_limit_s=START_LIMIT_S,
            defer_s=0.0 if defers_to is None else DEFER_S,
        )
        self._supervision = Supervision(limits, process.now, ran_before=True)

    def begin(self) -> None:
        """Request a heartbeat."""
        self._process.call(
            self._role,
            "beat",
            timeout_s=HANG_S - HEARTBEAT_S,
            then=self._on_heartbeat,
            fail=self._on_no_heartbeat,
        )

    def _on_heartbeat(self, heartbeat: Mapping[str, object]) -> None:
        self._supervision.on_heartbeat(self._process.now)
        self.reports_damage = bool(heartbeat.get("damaged"))
        self._process.set_timer(HEARTBEAT_S if heartbeat["serving"] else CHECK_EVERY_S, self.begin)

    def _on_no_heartbeat(self, error: TicTacToeError) -> None:
        now = self._process.now
        self._hangs = isinstance(error, DeadlineExceeded)
        if self._defers_to is not None and not self._machine.runs(self._defers_to):
            self._supervision.stop_deferring(now)
        if self._has_ended():
            self._execute(self._supervision.on_exit(now))
        else:
            self._execute(self._supervision.tick(now))
        self._process.set_timer(CHECK_EVERY_S, self.begin)

    def _has_ended(self) -> bool:
        if self._supervision.condition is Condition.STARTING:
            return not self._machine.occupied(self._role)
        return not self._machine.runs(self._role)

    def _execute(self, action: Action | None) -> None:
        if action is Action.END:
            self._machine.kill(self._role)
            self._execute(self._supervision.on_exit(self._process.now))
        elif action is Action.START:
            self._start()

    def _start(self) -> None:
        if not self._machine.occupied(self._role):
            self._machine.start(self._role)
        elif self._hangs and self._machine.runs(self._role):
            self._machine.kill(self._role)
            self._execute(self._supervision.on_exit(self._process.now))
        else:
            self._supervision.on_other_process(self._process.now)
