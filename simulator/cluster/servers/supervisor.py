"""The supervisor of a simulated process. It replaces the threads and processes around the real ``Supervision``."""

from __future__ import annotations

from collections.abc import Mapping

from game.errors import TicTacToeError
from server.supervision.supervision import Action, Condition, RestartLimits, Supervision
from server.supervision.supervisor import COURTESY_S, LOOK_AGAIN_S
from simulator.cluster.servers.machine import Machine
from simulator.cluster.servers.rpc import Process
from wire.errors import DeadlineExceeded


class SimulatedSupervisor:
    """Keeps another role running, as ``server.supervision.supervisor`` does."""

    def __init__(self, process: Process, machine: Machine, role: str, *, after: str | None = None) -> None:
        times = machine.times
        self._process = process
        self._machine = machine
        self._role = role
        self._after = after
        # Whether the last heartbeat timed out. Otherwise the connection failed.
        self._hangs = False
        self.reports_damage = False
        """Whether the supervised role's last heartbeat reported damage in its journal."""
        patience = RestartLimits(
            grace_s=times.start_grace_s,
            hang_s=times.hang_s,
            start_limit_s=times.start_limit_s,
            courtesy_s=0.0 if after is None else COURTESY_S,
        )
        self._supervision = Supervision(patience, process.now, ran_before=True)

    def begin(self) -> None:
        """Request a heartbeat."""
        times = self._machine.times
        self._process.call(
            self._role,
            "beat",
            timeout_s=times.hang_s - times.heartbeat_s,
            then=self._on_heartbeat,
            fail=self._on_no_heartbeat,
        )

    def _on_heartbeat(self, heartbeat: Mapping[str, object]) -> None:
        self._supervision.heard(self._process.now)
        self.reports_damage = bool(heartbeat.get("damaged"))
        self._process.set_timer(self._machine.times.heartbeat_s if heartbeat["serving"] else LOOK_AGAIN_S, self.begin)

    def _on_no_heartbeat(self, error: TicTacToeError) -> None:
        now = self._process.now
        self._hangs = isinstance(error, DeadlineExceeded)
        if self._after is not None and not self._machine.runs(self._after):
            self._supervision.hurry(now)
        if self._is_gone():
            self._do(self._supervision.ended(now))
        else:
            self._do(self._supervision.tick(now))
        self._process.set_timer(LOOK_AGAIN_S, self.begin)

    def _is_gone(self) -> bool:
        if self._supervision.condition is Condition.STARTING:
            return not self._machine.occupied(self._role)
        return not self._machine.runs(self._role)

    def _do(self, action: Action | None) -> None:
        if action is Action.END:
            self._machine.kill(self._role)
            self._do(self._supervision.ended(self._process.now))
        elif action is Action.START:
            self._start()

    def _start(self) -> None:
        if not self._machine.occupied(self._role):
            self._machine.start(self._role)
        elif self._hangs and self._machine.runs(self._role):
            self._machine.kill(self._role)
            self._do(self._supervision.ended(self._process.now))
        else:
            self._supervision.yielded(self._process.now)
