"""Replacing the servers of a running cluster by newly started ones, one after the other: takeovers on purpose.

Servers that speak another version of the protocol between servers understand none of the new ones. They are all ended
and all started, at once: clients wait for some seconds, and go on.

A server is asked to end in good order; those who watch it start another at once, from the code that is on disk then.
What is left to do is read off the processes: whoever began before the upgrade did is old. So it does not matter who
dies on the way, and a stand-by of the main server from before that took over is replaced like any other.

Whoever is called is replaced before its callers, so that servers understand older callers, and never have to call older
servers: replication first, which brings a new stand-by of the main server along; then main, communication, and the name
server.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import filelock
import psutil

from server.control.cluster import CannotStart, ClusterControl, NotRunning
from server.settings import Settings, load
from server.supervision import processes, run_file
from server.supervision.run_file import RunFile
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

ORDER = (REPLICATION, MAIN, COMMUNICATION, NAME_SERVER)
WHOLE_S = 60.0
"""How long a server may take to be replaced and all to be whole again."""
STANDBY_S = 30.0
"""How long a new stand-by of the main server is waited for; without one a takeover takes longer."""
GIVEN_UP_AFTER = 4
"""Failed starts in a row after which a new version does not come up."""
LOOK_AGAIN_S = 0.05
"""Looking takes time from those who are looked at."""
CHECK_AGAIN_S = 0.5
NOTED_S = 1.0


class CannotUpgrade(Exception):
    """The upgrade does not go on; the sentence says why, and what runs now."""


@dataclass(frozen=True)
class Replaced:
    """A server was replaced. ``away_s``: how long nobody did its work, None if nobody noticed; ``whole_s``: from its
    end until the cluster was whole.
    """

    role: str
    old_pid: int
    new_pid: int
    away_s: float | None
    whole_s: float


def upgrade(
    cluster: ClusterControl,
    *,
    say: Callable[[str], None] = lambda _: None,
    on_replaced: Callable[[Replaced], None] = lambda _: None,
) -> None:
    """Replace all servers of a whole cluster that runs on this machine. ``say`` is told what is being done.

    Raises NotRunning, CannotUpgrade, and Forbidden when the servers have another cluster key.
    """
    with _alone(cluster):
        if not cluster.runs_here():
            raise NotRunning("no server runs here")
        say("trying whether the new version can be started")
        why = processes.why_not_loadable(cluster.settings)
        if why:
            raise CannotUpgrade(f"what is on disk cannot be started, so nothing was replaced. {why}")
        _Upgrade(cluster, say).run(on_replaced)


class _Upgrade:
    """One upgrade, from the moment it began."""

    def __init__(self, cluster: ClusterControl, say: Callable[[str], None]) -> None:
        self._cluster = cluster
        self._say = say
        self._began = run_file.clock()

    def run(self, on_replaced: Callable[[Replaced], None]) -> None:
        if self._cluster.speak_otherwise():
            self._replace_all(on_replaced)
        for role in ORDER:
            if role == NAME_SERVER and (left := self._cluster.name_server_of_others()):
                self._say(left)
                continue
            while not self._is_new(old := self._when_whole(role)):
                on_replaced(self._replace(old))
        self._when_whole(MAIN)

    def _replace(self, old: RunFile) -> Replaced:
        if old.role == MAIN:
            self._wait_for_standby()
        self._say(f"replacing {old.role}, pid {old.pid}")
        began = time.monotonic()
        processes.end_politely(old)
        new = self._when_whole(old.role)
        whole_s = time.monotonic() - began
        return Replaced(old.role, old.pid, new.pid, self._away_s(new), whole_s)

    def _replace_all(self, on_replaced: Callable[[Replaced], None]) -> None:
        """End all, then start all as they were started. Whoever plays has a pause, and loses nothing."""
        self._say("the servers speak another version of their protocol: ending all of them, then starting all")
        old = [run for role in ORDER if (run := self._cluster.process_of(role)) is not None]
        again = ClusterControl(_settings_of(old) or self._cluster.settings)
        began = time.monotonic()
        self._cluster.end_all()
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
        """Who runs in that role, once all do."""
        began = checked_at = time.monotonic()
        while True:
            missing = [one for one in ORDER if not self._cluster.is_up(one)]
            run = self._cluster.process_of(role)
            if not missing and run is not None:
                return run
            if not self._cluster.runs_here():
                raise CannotUpgrade("no server runs any more: somebody stopped the cluster, or killed all of it")
            if time.monotonic() - checked_at > CHECK_AGAIN_S:
                self._check_starts()
                checked_at = time.monotonic()
            if time.monotonic() - began > WHOLE_S:
                what = ", ".join(missing) or f"a {role} on this machine"
                raise CannotUpgrade(f"not whole within {WHOLE_S:g} s, for want of: {what}. {_AS_IT_IS}")
            time.sleep(LOOK_AGAIN_S)

    def _check_starts(self) -> None:
        for status in self._cluster.status():
            # A server that runs counts what it tries again, as to attach a replica that is just being replaced.
            if status.state != "running" and status.failures >= GIVEN_UP_AFTER:
                words = self._cluster.last_words(status.role)
                raise CannotUpgrade(f"{status.role} does not come up. {_AS_IT_IS} {words}")

    def _wait_for_standby(self) -> None:
        """A stand-by of before was started from old code; and without any the takeover takes longer."""
        self._say("waiting for a stand-by of the new main server")
        ends = time.monotonic() + STANDBY_S
        while time.monotonic() < ends:
            standby = self._cluster.standby_of(MAIN)
            if standby is not None and self._is_new(standby):
                return
            time.sleep(LOOK_AGAIN_S)
        self._say("there is no stand-by: the takeover takes longer")

    def _is_new(self, run: RunFile) -> bool:
        return run.created >= self._began

    def _away_s(self, new: RunFile) -> float | None:
        """What is written down of it by who started it, which may be a heartbeat later."""
        ends = time.monotonic() + NOTED_S
        while True:
            for seen in self._cluster.recoveries():
                if (seen.role, seen.pid) == (new.role, new.pid):
                    return seen.took_s
            if time.monotonic() > ends:
                return None
            time.sleep(LOOK_AGAIN_S)


def _settings_of(runs: Sequence[RunFile]) -> Settings | None:
    """The settings with which a server was started, from which it would start the others. Raises SettingsError."""
    for run in runs:
        with contextlib.suppress(psutil.Error):
            process = run.process()
            if run.role != NAME_SERVER and process is not None:
                return load(process.environ())
    return None


_AS_IT_IS = "What runs goes on; nothing more is replaced."


@contextlib.contextmanager
def _alone(cluster: ClusterControl) -> Iterator[None]:
    """One upgrade at a time, by a lock that the system frees when its holder dies. Raises CannotUpgrade."""
    lock = filelock.FileLock(cluster.settings.data / "run" / "upgrade.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise CannotUpgrade("another upgrade runs") from None
    try:
        yield
    finally:
        lock.release()
