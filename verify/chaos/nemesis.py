"""Injects the faults of a plan into servers and clients, and undoes the temporary ones in time.

It never waits for the cluster to recover, so the next fault often falls into a recovery. It starts servers only when
none of the three is left to start the others, as an operator would.
"""

from __future__ import annotations

import sched
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from verify.chaos.faults import Fault, FaultKind
from verify.chaos.workload_processes import WorkloadProcesses
from verify.testbed.cluster_faults import ClusterFaults
from verify.testbed.waiting import becomes_true

STEP_S = 0.02
PROCESS_WAIT_S = 0.6
"""How long to wait for a process that is being replaced, in seconds, before the fault counts as missed."""
HANG_LIMIT_S = 90.0
"""The time in which the supervisors must end a hanging server, in seconds. Faults may hit the supervisors meanwhile."""
DOWN_S = 0.5
"""How long all servers must be down before the nemesis starts them, in seconds. A start may already be under way."""


@dataclass(frozen=True)
class InjectedFault:
    """A fault that was injected: when (monotonic clock, in seconds), and whether it hit a process."""

    fault: Fault
    at: float
    hit: bool


class Nemesis:
    """Carries out one plan."""

    def __init__(self, servers: ClusterFaults, workload: WorkloadProcesses, on_progress: Callable[[str], None]) -> None:
        self._servers = servers
        self._workload = workload
        self._on_progress = on_progress
        # The undo actions of active faults.
        self._undos = sched.scheduler(time.monotonic)
        # By pid: role and start of each hang. ``_step`` removes it when the process is gone or the limit is over.
        self._hanging: dict[int, tuple[str, float]] = {}
        self._starting: threading.Thread | None = None
        # Since when all servers are down. None while any of them runs.
        self._down_since: float | None = None
        self.injected_faults: list[InjectedFault] = []
        self.complaints: list[str] = []
        self.starts = 0
        """How often all servers were down and the nemesis started them."""

    def run(self, faults: Iterable[Fault]) -> None:
        """Inject each fault at its time. A late fault is injected at once."""
        began = time.monotonic()
        for fault in faults:
            while time.monotonic() < began + fault.at_s:
                self._step()
            self._step()
            at = time.monotonic()
            hit = self._inject(fault)
            self.injected_faults.append(InjectedFault(fault, at, hit))
            missed = "" if hit else " (no process was hit)"
            self._on_progress(f"{len(self.injected_faults):4d}  {fault}{missed}")

    def settle(self, limit_s: float) -> bool:
        """Undo all lasting faults, and wait until the cluster is healthy.

        Return False if that takes longer than ``limit_s`` seconds.
        """
        for undo in self._undos.queue:
            self._undos.cancel(undo)
            undo.action()
        self._servers.free_disk()
        self._servers.set_clocks([0.0])
        return becomes_true(self._is_settled, limit_s)

    def _is_settled(self) -> bool:
        self._step()
        self._servers.free_disk()  # processes started meanwhile inherit the limit
        return not self._hanging and not self._is_starting() and self._servers.is_whole()

    # -- between faults -------------------------------------------------------------------------------------------

    def _step(self) -> None:
        self._undos.run(blocking=False)
        for pid, (role, since) in list(self._hanging.items()):
            if self._servers.is_gone(pid):
                del self._hanging[pid]
            elif time.monotonic() - since > HANG_LIMIT_S:
                self.complaints.append(f"{role} (pid {pid}) hung for {HANG_LIMIT_S:g} s; no supervisor ended it")
                self._servers.resume(pid)
                del self._hanging[pid]
        self._restart_if_all_down()
        time.sleep(STEP_S)

    def _restart_if_all_down(self) -> None:
        if self._is_starting():
            return
        if not self._servers.all_down():
            self._down_since = None
            return
        self._down_since = self._down_since or time.monotonic()
        if time.monotonic() - self._down_since > DOWN_S:
            self._down_since = None
            self.starts += 1
            self._on_progress("      all servers are down: starting them, as an operator would")
            self._starting = threading.Thread(target=self._start, daemon=True)
            self._starting.start()

    def _is_starting(self) -> bool:
        return self._starting is not None and self._starting.is_alive()

    def _start(self) -> None:
        try:
            self._servers.start()
        except Exception as error:
            # Faults also hit starting servers. If all stay down, the nemesis starts them again.
            self._on_progress(f"      start failed: {str(error).splitlines()[0]}")

    # -- faults ---------------------------------------------------------------------------------------------------

    def _inject(self, fault: Fault) -> bool:
        """Inject a fault. Return whether it hit anything."""
        inject = {
            FaultKind.KILL: lambda fault: self._hit_all(fault, self._servers.kill),
            FaultKind.HANG: lambda fault: self._hit_all(fault, self._hang),
            FaultKind.PAUSE: lambda fault: self._hit_all(fault, lambda role: self._pause(role, fault.for_s)),
            FaultKind.DISK_FULL: self._fill_disk,
            FaultKind.CUT: self._cut,
            FaultKind.CLOCK: self._set_clocks,
            FaultKind.CLIENT: self._kill_clients,
            FaultKind.DAMAGE: self._damage,
        }
        return inject[fault.kind](fault)

    def _fill_disk(self, fault: Fault) -> bool:
        self._undos.enter(fault.for_s, 0, self._servers.free_disk)
        return self._hit_all(fault, lambda role: self._servers.fill_disk(role, fault.largest_bytes))

    def _cut(self, fault: Fault) -> bool:
        for role in fault.roles:
            self._servers.cut(role, fault.port, fault.direction)
            self._undos.enter(fault.for_s, 0, partial(self._servers.mend, role, fault.port, fault.direction))
        return True

    def _set_clocks(self, fault: Fault) -> bool:
        self._servers.set_clocks(fault.offsets_s)
        return True

    def _kill_clients(self, fault: Fault) -> bool:
        killed = self._workload.kill(fault.group)
        if killed:
            self._undos.enter(fault.for_s, 0, lambda: self._workload.start(fault.group))
        return killed

    def _damage(self, fault: Fault) -> bool:
        rows = [row for role in fault.roles if (row := self._servers.damage(role, fault.pick)) is not None]
        for row in rows:
            self._on_progress(f"      {row}")
        return bool(rows)

    def _hit_all(self, fault: Fault, hit: Callable[[str], int | None]) -> bool:
        """Hit all roles of a fault at nearly the same time. Return whether any process was hit."""
        missing = [role for role in fault.roles if hit(role) is None]
        deadline = time.monotonic() + PROCESS_WAIT_S
        while len(missing) == len(fault.roles) and time.monotonic() < deadline:
            time.sleep(STEP_S / 4)
            missing = [role for role in missing if hit(role) is None]
        return len(missing) < len(fault.roles)

    def _hang(self, role: str) -> int | None:
        pid = self._servers.suspend(role)
        if pid is not None:
            self._hanging.setdefault(pid, (role, time.monotonic()))
        return pid

    def _pause(self, role: str, for_s: float) -> int | None:
        pid = self._servers.suspend(role)
        if pid is not None and pid not in self._hanging:
            self._undos.enter(for_s, 0, lambda: self._end_pause(pid))
        return pid

    def _end_pause(self, pid: int) -> None:
        if pid not in self._hanging:  # a hang that came later lasts
            self._servers.resume(pid)
