"""The supervisor of a simulated process. It replaces the threads and processes around the real ``Supervision``."""

from __future__ import annotations

from game.errors import TicTacToeError
from server.runtime.effects import Await, Effects, Sleep
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
        self.reports_damage = False
        """Whether the supervised role's last heartbeat reported damage in its journal."""
        limits = RestartLimits(
            grace_s=START_GRACE_S,
            hang_s=HANG_S,
            start_limit_s=START_LIMIT_S,
            defer_s=0.0 if defers_to is None else DEFER_S,
        )
        self._supervision = Supervision(limits, process.now, ran_before=True)

    def supervise(self) -> Effects[None]:
        """Request one heartbeat after another. Never ends."""
        process = self._process
        while True:
            try:
                heartbeat = yield Await(process.call(self._role, "beat", timeout_s=HANG_S - HEARTBEAT_S))
            except TicTacToeError as error:
                self._on_no_heartbeat(hangs=isinstance(error, DeadlineExceeded))
                yield Sleep(CHECK_EVERY_S)
            else:
                self._supervision.on_heartbeat(process.now)
                self.reports_damage = bool(heartbeat.get("damaged"))
                yield Sleep(HEARTBEAT_S if heartbeat["serving"] else CHECK_EVERY_S)

    def _on_no_heartbeat(self, *, hangs: bool) -> None:
        """Act on a heartbeat that timed out (``hangs``), or of which the connection failed."""
        now = self._process.now
        if self._defers_to is not None and not self._machine.runs(self._defers_to):
            self._supervision.stop_deferring(now)
        self._execute(self._supervision.on_exit(now) if self._has_ended() else self._supervision.tick(now), hangs=hangs)

    def _has_ended(self) -> bool:
        if self._supervision.condition is Condition.STARTING:
            return not self._machine.occupied(self._role)
        return not self._machine.runs(self._role)

    def _execute(self, action: Action | None, *, hangs: bool) -> None:
        machine, role, now = self._machine, self._role, self._process.now
        if action is Action.START and not machine.occupied(role):
            machine.start(role)
        elif action is Action.START and not (hangs and machine.runs(role)):
            self._supervision.on_other_process(now)
        elif action is not None:
            machine.kill(role)
            self._execute(self._supervision.on_exit(now), hangs=hangs)
