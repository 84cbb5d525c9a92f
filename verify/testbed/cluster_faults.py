"""Injects faults into the processes of a sandbox cluster from outside, for ``verify.chaos``.

It never waits for the effect of a fault. A fault hits the process that the run file names at that moment.
"""

from __future__ import annotations

import random
import signal
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from server.control.cluster import ClusterControl
from server.log.journal.pair import journal_of
from server.supervision import processes
from server.supervision.role_status import log_is_complete, whole
from server.supervision.run_file import RunFile
from verify.testbed.clock_skew import SkewedClocks
from verify.testbed.detours import REPLICA_LINK, Detours, Direction, Listener
from verify.testbed.local_cluster import copy_data_folder
from verify.testbed.row_damage import damaged_in, flip_a_bit
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

_SERVERS = (MAIN, COMMUNICATION, REPLICATION)
START_S = 5.0
"""The time limit of a start before the next attempt, in seconds. Faults also hit starting servers."""


class ClusterFaults:
    """A sandbox cluster, and the faults for it.

    A fault on a missing process has no effect: no error, and None as pid.
    """

    def __init__(
        self,
        cluster: ClusterControl,
        detours: Detours,
        clocks: SkewedClocks,
        cannot: Mapping[str, str],
        client_environment: Mapping[str, str],
    ) -> None:
        """``cannot``: kinds of faults that are not possible, and why."""
        self.cannot = cannot
        self._cluster = cluster
        self._detours = detours
        self._clocks = clocks
        # By pid: every process that was ever suspended here, even if it has ended since.
        self._suspended: dict[int, RunFile] = {}
        self.name_server = cluster.name_server
        self.client_environment = client_environment
        """The environment of clients that can be cut off. Their clocks are right."""

    def start(self) -> None:
        """End the suspended processes and start the missing ones, as an operator does."""
        for run in list(self._suspended.values()):
            if _is_stopped(run):
                processes.kill(run)
        self._cluster.start(timeout_s=START_S)

    def all_down(self) -> bool:
        """Return whether none of the three servers runs, so that none can start the others."""
        runs = [self._cluster.process_of(role) for role in _SERVERS]
        return all(run is None or _is_stopped(run) for run in runs)

    def is_whole(self) -> bool:
        """Return whether all four processes run, the replica is in sync, and no journal has a damaged row."""
        status = self._cluster.status()
        return whole(status) and log_is_complete(status) and not self._damaged()

    def describe(self) -> str:
        """Describe the state of the four processes and the damaged rows, in one line."""
        words = [f"{one.role} {one.state} {one.step or ''} {one.note}".split() for one in self._cluster.status()]
        return "; ".join([*(" ".join(part) for part in words), *self._damaged()])

    # -- processes ------------------------------------------------------------------------------------------------

    def kill(self, role: str) -> int | None:
        """Send SIGKILL, without waiting for the end. Return the pid, or None if no process runs."""
        run = self._cluster.process_of(role)
        return run.pid if run is not None and _signal(run, signal.SIGKILL) else None

    def suspend(self, role: str) -> int | None:
        """Send SIGSTOP. Return the pid, or None if no process runs."""
        run = self._cluster.process_of(role)
        if run is None or not _signal(run, signal.SIGSTOP):
            return None
        self._suspended[run.pid] = run
        return run.pid

    def resume(self, pid: int) -> None:
        """Send SIGCONT to a process that was suspended here, if it is still there."""
        _signal(self._suspended[pid], signal.SIGCONT)

    def is_gone(self, pid: int) -> bool:
        """Return whether a process that was suspended here has ended."""
        return not self._suspended[pid].alive

    # -- disk -----------------------------------------------------------------------------------------------------

    def fill_disk(self, role: str, largest_bytes: int = 0) -> int | None:
        """Limit the size of files that the role's process and the template process can write.

        Processes that they start or fork inherit the limit. Return the pid, or None if no process was limited.
        """
        run = self._cluster.process_of(role)
        limited = {
            found.pid
            for found in processes.find_runs(self._cluster.settings, role, processes.TEMPLATE)
            if _limit_files(found, largest_bytes)
        }
        return run.pid if run is not None and run.pid in limited else None

    def free_disk(self) -> None:
        """Remove the limit from all processes."""
        for run in processes.find_runs(self._cluster.settings):
            _limit_files(run, None)

    def damage(self, role: str, pick: int) -> str | None:
        """Flip a bit in a row of a role's journal.

        The other copy has that row, undamaged. Return the row, or None if there is none.
        """
        settings, other = self._cluster.settings, REPLICATION if role == MAIN else MAIN
        return flip_a_bit(journal_of(settings, role), journal_of(settings, other), random.Random(pick))

    def _damaged(self) -> list[str]:
        """Return a sentence for each damaged row of both journals."""
        found: list[str] = []
        for role in (MAIN, REPLICATION):
            try:
                rows = damaged_in(journal_of(self._cluster.settings, role))
            except sqlite3.Error as error:
                found.append(f"the journal of {role} cannot be read: {error}")
            else:
                found += [f"damaged row in the journal of {role}: {row}" for row in rows]
        return found

    # -- network and clocks ---------------------------------------------------------------------------------------

    def cut(self, role: str, port: str, direction: Direction) -> None:
        """Stop all traffic to a port ("in") or from it ("out"). The replica link counts as a part of a peer port."""
        self._detours.cut(self._listeners(role, port), direction)

    def mend(self, role: str, port: str, direction: Direction) -> None:
        """Undo ``cut``."""
        self._detours.mend(self._listeners(role, port), direction)

    def _listeners(self, role: str, port: str) -> list[Listener]:
        settings = self._cluster.settings
        if role == NAME_SERVER:
            return [settings.name_server_port]
        if port == "client":
            return [settings.client_port_of(role)]
        link = [REPLICA_LINK] if role == REPLICATION else []
        return [settings.peer_address_of(role).port, *link]

    def set_clocks(self, offsets_s: Sequence[float]) -> None:
        """Set the offsets of the servers' wall clocks, in seconds."""
        self._clocks.set(offsets_s)

    # -- afterwards -----------------------------------------------------------------------------------------------

    def keep_evidence(self, folder: Path) -> None:
        """Copy journals and logs of all servers to ``folder``."""
        copy_data_folder(self._cluster.settings.data, folder)


def _is_stopped(run: RunFile) -> bool:
    """Return whether the process is suspended or gone."""
    process = run.process()
    try:
        return process is None or process.status() == psutil.STATUS_STOPPED
    except psutil.NoSuchProcess:
        return True


def _signal(run: RunFile, number: signal.Signals) -> bool:
    process = run.process()
    try:
        if process is not None:
            process.send_signal(number)
    except psutil.NoSuchProcess:
        return False
    return process is not None


def _limit_files(run: RunFile, largest: int | None) -> bool:
    """Limit the size of the files that a process writes, in bytes; None removes the limit.

    Return False if that fails.
    """
    if sys.platform != "linux":
        return False
    try:
        process = psutil.Process(run.pid)
        _, most = process.rlimit(psutil.RLIMIT_FSIZE)
        process.rlimit(psutil.RLIMIT_FSIZE, (most if largest is None else largest, most))
    except psutil.Error:
        return False
    return True
