"""Replaces the servers of a running cluster one by one by new processes: planned takeovers.

Servers with another version of the protocol between servers do not understand the new ones. Then all are ended and
started at once. Clients wait for some seconds and go on.

Each server is ended in good order. Its supervisors start a new one at once, from the code that is on disk then. The
upgrade reads the remaining work from the processes: a process that began before the upgrade is old. So a crash at any
point does no harm. The template process is replaced first, because it would fork servers of the old code.

A server is replaced before its callers. So servers must understand older callers, but never call older servers. The
order is: replication, main, communication, name server.

A main server that died meanwhile was started again from the new code. Then it may be unable to use the old replication
server, which has no replica link. So the main server need not be in sync before such a replication server is replaced.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence

import filelock
import psutil
from msgspec import Struct

from server.control.cluster import CannotStart, ClusterControl, NotRunning
from server.replication.link.place import LinkPlace
from server.settings import Settings, load
from server.supervision import processes, run_file, template_client
from server.supervision.run_file import RunFile
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

ORDER = (REPLICATION, MAIN, COMMUNICATION, NAME_SERVER)
WHOLE_S = 60.0
"""Seconds for the replacement of a server until the cluster is whole again."""
MOST_FAILED_STARTS = 4
"""Failed starts in a row after which the upgrade stops."""
CHECK_EVERY_S = 0.05
"""Seconds. Status calls take time from the servers that answer them."""
CHECK_STARTS_EVERY_S = 0.5
RECORDED_S = 1.0
_NOTHING_MORE = "Running servers go on; nothing more is replaced."


class CannotUpgrade(Exception):
    """The upgrade stops; the message has the reason and what runs now."""


class Replaced(Struct, frozen=True):
    """A server was replaced.

    ``away_s``: seconds without service; None if no supervisor recorded them. ``whole_s``: seconds from its end until
    the cluster was whole.
    """

    role: str
    old_pid: int
    new_pid: int
    away_s: float | None
    whole_s: float


def upgrade(
    cluster: ClusterControl,
    *,
    on_step: Callable[[str], None] = lambda _: None,
    on_replaced: Callable[[Replaced], None] = lambda _: None,
) -> None:
    """Replace all servers of a whole cluster that runs on this machine.

    ``on_step`` is called with a text for each step. Raises NotRunning, CannotUpgrade, and Forbidden when the servers
    have another cluster key.
    """
    try:
        # The system frees this lock when its holder dies.
        lock = filelock.FileLock(cluster.settings.data / "run" / "upgrade.lock").acquire(timeout=0)
    except filelock.Timeout:
        raise CannotUpgrade("another upgrade runs") from None
    with lock:
        if not cluster.runs_here():
            raise NotRunning("no server runs here")
        on_step("checking that the new version can be started")
        why = processes.load_error(cluster.settings)
        if why:
            raise CannotUpgrade(f"the version on disk cannot be started, so nothing was replaced. {why}")
        _Upgrade(cluster, on_step).run(on_replaced)


class _Upgrade:
    """One upgrade. ``_began``: older processes are still to be replaced."""

    def __init__(self, cluster: ClusterControl, on_step: Callable[[str], None]) -> None:
        self._cluster = cluster
        self._on_step = on_step
        self._link = LinkPlace(cluster.settings.data / "run")
        self._began = run_file.clock()

    def run(self, on_replaced: Callable[[Replaced], None]) -> None:
        if self._cluster.roles_with_other_protocol():
            self._replace_all(on_replaced)
        self._replace_template()
        for role in ORDER:
            if role == NAME_SERVER and (left := self._cluster.foreign_name_server()):
                self._on_step(left)
                continue
            while not self._is_new(old := self._when_whole(role)):
                on_replaced(self._replace(old))
        self._when_whole(MAIN)

    def _replace(self, old: RunFile) -> Replaced:
        if old.role == MAIN:
            template_client.ensure_template(self._cluster.settings)  # an older replication server does not start one
        self._on_step(f"replacing {old.role}, pid {old.pid}")
        began = time.monotonic()
        processes.terminate(old)
        new = self._when_whole(old.role)
        whole_s = time.monotonic() - began
        return Replaced(old.role, old.pid, new.pid, self._away_s(new), whole_s)

    def _replace_all(self, on_replaced: Callable[[Replaced], None]) -> None:
        """End all servers, then start all with the settings that they had. Games pause, and no data is lost."""
        self._on_step("the servers use another version of their protocol: ending all four, then starting all")
        old = [run for role in ORDER if (run := self._cluster.process_of(role)) is not None]
        again = ClusterControl(_settings_of(old) or self._cluster.settings)
        began = time.monotonic()
        self._cluster.terminate_all()
        try:
            again.start(reopen=False)
        except CannotStart as error:
            raise CannotUpgrade(f"all servers were ended, and cluster start starts them again. {error}") from None
        whole_s = time.monotonic() - began
        for run in old:
            new = self._cluster.process_of(run.role)
            if new is not None:
                on_replaced(Replaced(run.role, run.pid, new.pid, None, whole_s))

    def _when_whole(self, role: str) -> RunFile:
        """Return the process of that role, once all roles are up. Raises CannotUpgrade."""
        began = checked_at = time.monotonic()
        while True:
            missing = [other for other in ORDER if not self._cluster.is_up(other)]
            if role == REPLICATION and missing == [MAIN] and self._main_waits_for_a_link():
                missing = []
            run = self._cluster.process_of(role)
            if not missing and run is not None:
                return run
            if not self._cluster.runs_here():
                raise CannotUpgrade("no server runs any more: the cluster was stopped or killed")
            if time.monotonic() - checked_at > CHECK_STARTS_EVERY_S:
                self._check_starts()
                checked_at = time.monotonic()
            if time.monotonic() - began > WHOLE_S:
                what = ", ".join(missing) or f"a {role} on this machine"
                raise CannotUpgrade(f"the cluster is not whole after {WHOLE_S:g} s; missing: {what}. {_NOTHING_MORE}")
            time.sleep(CHECK_EVERY_S)

    def _main_waits_for_a_link(self) -> bool:
        """Whether the main server runs, and the replication server is of a version without the replica link."""
        return self._cluster.call(MAIN, "status") is not None and not self._link.is_open()

    def _check_starts(self) -> None:
        for status in self._cluster.status():
            # For a running server ``failures`` counts retries, for example to attach a replica that is being replaced.
            if status.state != "running" and status.failures >= MOST_FAILED_STARTS:
                log_tail = self._cluster.log_tail(status.role)
                raise CannotUpgrade(f"{status.role} does not come up. {_NOTHING_MORE} {log_tail}")

    def _replace_template(self) -> None:
        """End the template process, whose code is old. Processes that began before its end are old, too."""
        old = self._cluster.process_of(processes.TEMPLATE)
        if old is not None and not self._is_new(old):
            self._on_step(f"replacing the template process, pid {old.pid}")
            processes.terminate(old)
            self._began = run_file.clock()
        template_client.ensure_template(self._cluster.settings)

    def _is_new(self, run: RunFile) -> bool:
        return run.created >= self._began

    def _away_s(self, new: RunFile) -> float | None:
        """Return the recorded time without service; the supervisor may write it one heartbeat later."""
        ends = time.monotonic() + RECORDED_S
        while True:
            for seen in self._cluster.recoveries():
                if (seen.role, seen.pid) == (new.role, new.pid):
                    return seen.took_s
            if time.monotonic() > ends:
                return None
            time.sleep(CHECK_EVERY_S)


def _settings_of(runs: Sequence[RunFile]) -> Settings | None:
    """Return the settings of a running server, with which it would start the others. Raises SettingsError."""
    for run in runs:
        with contextlib.suppress(psutil.Error):
            process = run.process()
            if run.role != NAME_SERVER and process is not None:
                return load(process.environ())
    return None
