"""Supervises one other server: the shell around ``restart_rules``, with one thread for each supervised role.

A heartbeat is a call that the other server answers after a moment. When its process dies, the connection closes, and
that is noticed at once. When it hangs, no answer comes in time. The answer depends on the threads that do the work (see
``ServerProcess.beat``). So a server with a stuck loop does not look healthy.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import psutil
import structlog

from server.runtime.retries import Retries
from server.settings import Settings
from server.supervision import processes, template_client
from server.supervision.heartbeat import Heartbeat
from server.supervision.outages import Outages
from server.supervision.processes import TEMPLATE
from server.supervision.restart_rules import STAND_DOWN_S, Action, Condition, RestartLimits, Supervision
from server.supervision.run_directory import RunDirectory
from server.supervision.run_file import RunFile
from server.supervision.standby import StandBy
from server.telemetry import metrics
from server.telemetry.metrics import Reading
from wire import NAME_SERVER
from wire.errors import DeadlineExceeded, NotReady, TicTacToeError

CHECK_EVERY_S = 0.01
LONGEST_CHECK_S = 0.05
PAUSE_GROWTH = 1.02
"""The pause between two heartbeats of a server that does not serve grows, to add at most 2 % to its outage."""
DEFER_S = 0.8
"""Seconds. Another supervisor with priority gets this long to start a server that died."""

logger = structlog.get_logger()


class Supervisor:
    """Keeps the process of one other role alive on this machine."""

    def __init__(
        self,
        role: str,
        settings: Settings,
        run_directory: RunDirectory,
        heartbeat: Heartbeat,
        *,
        supervised: bool,
        standby: bool = False,
        defer_s: float = 0.0,
        defers_to: str | None = None,
    ) -> None:
        """``supervised``: the role is on this machine, so its process can be ended and started from here.
        ``standby``: keep a stand-by process ready, where there is no template process to fork servers.
        ``defer_s``: how long to wait for another supervisor to start the role, in seconds.
        ``defers_to``: do so only while the process of that role lives.
        """
        self.role = role
        # ``_serving`` implies ``answers``: a server that does its work also answers heartbeats.
        self.answers = False
        self._serving = False
        self._accepts_connections = False
        self._waiting = Retries("waiting for a server", log_after_s=settings.hang_s, other=role)
        self.reports_damage = False
        """Whether the other server's copy of the log needs repair, by its last heartbeat."""
        self._settings = settings
        self._run_directory = run_directory
        self._heartbeat = heartbeat
        self._supervised = supervised
        self._defers_to = defers_to
        self._standby = StandBy(role, settings) if standby and supervised else None
        # The process that was last started from here. It may have ended since.
        self._child: RunFile | None = None
        # The process that last had the role; None if none is known.
        self._last_run = run_directory.read(role)
        # A process that another supervisor started and that has not answered, and since when that is known (monotonic).
        self._other_run: RunFile | None = None
        self._other_since = 0.0
        self._outages = Outages(role, settings)
        # When a heartbeat last came from a server that did its work (monotonic seconds).
        self._heartbeat_at: float | None = None
        # Seconds before the next heartbeat while the role is not served.
        self._pause_s = CHECK_EVERY_S
        self._stands_down_until = -math.inf  # monotonic seconds
        self._paused = False  # whether it stood down in the last turn of ``run``
        limits = RestartLimits(
            grace_s=defer_s if role == TEMPLATE else settings.start_grace_s,  # nobody starts a template by hand
            hang_s=settings.hang_s,
            start_limit_s=settings.start_limit_s,
            defer_s=defer_s,
        )
        self._supervision = Supervision(limits, time.monotonic(), ran_before=self._last_run is not None)

    def run(self, go_on: Callable[[], bool]) -> None:
        """Supervise until ``go_on()`` is false, but not after ``stand_down``."""
        while go_on():
            if self._stands_down:
                self._pause()
                continue
            if self._paused:
                self._resume()
            self._supervise_once()
        self._heartbeat.close()

    def readings(self) -> Iterator[Reading]:
        """Yield the metrics of the processes that were started from here, and of the recoveries."""
        yield Reading(metrics.STARTS, self._supervision.starts, (self.role,))
        yield from self._outages.readings()

    def status(self) -> dict[str, object]:
        """Return condition, starts, failures in a row and seconds to the next start, for people."""
        due = self._supervision.next_start_in_s(time.monotonic())
        return {
            "condition": self._supervision.condition.value,
            "starts": self._supervision.starts,
            "failures": self._supervision.failures,
            "next_start_in_s": None if due is None or not self._supervised else round(due, 2),
        }

    def stand_down(self) -> None:
        """Start and end nothing for ``STAND_DOWN_S`` from now. End a process that was started and has not answered yet.

        Any thread may call this.
        """
        self._stands_down_until = time.monotonic() + STAND_DOWN_S
        self._abandon_start()

    @property
    def _stands_down(self) -> bool:
        return time.monotonic() < self._stands_down_until

    def _abandon_start(self) -> None:
        if self._standby is not None:
            self._standby.end()
        if self._child is not None and self._supervision.condition is Condition.STARTING:
            processes.kill(self._child)

    def _pause(self) -> None:
        """Start and end nothing for a moment."""
        if not self._paused:
            self._paused = True
            self._heartbeat.close()
            self._abandon_start()
        time.sleep(CHECK_EVERY_S)

    def _resume(self) -> None:
        """Supervise again: the cluster was not stopped, or not completely.

        A process that ran before counts as missing at once.
        """
        self._paused = False
        ran_before = self._last_run is not None or self._run_directory.read(self.role) is not None
        self._supervision.reset(time.monotonic(), ran_before=ran_before)
        logger.warning("supervision resumed", other=self.role, why="the cluster was not stopped")

    def _supervise_once(self) -> None:
        settings = self._settings
        try:
            answer = self._heartbeat.beat(settings.heartbeat_s, settings.hang_s - settings.heartbeat_s)
            self._check_run_directory(answer.run)
        except TicTacToeError as error:
            self._heartbeat.close()
            if not self._stands_down:  # else it began to, during the heartbeat
                self._on_missed_heartbeat(error)
            return
        run, serving, self.reports_damage = answer
        if not self.answers:
            logger.info("server answers", other=self.role, pid=None if run is None else run.pid)
        self.answers = True
        self._waiting.succeeded()
        if run is not None:
            self._last_run = run
        self._supervision.on_heartbeat(time.monotonic())
        if serving:
            if not self._serving:
                # Another supervisor may have started a process too, and that process may have been first. The name
                # server does not report its process.
                ours = self._child if self._child is not None and self._child.alive else None
                self._outages.end(None if ours is None or run not in (None, ours) else ours.pid)
            # The stand-by is started only at the second heartbeat: until then the recovery needs the processor.
            elif self._standby is not None and self._run_directory.is_in_place:
                self._standby.prepare()
            self._heartbeat_at = time.monotonic()
            self._pause_s = CHECK_EVERY_S
        else:
            self._wait()
        self._serving = serving

    def _wait(self) -> None:
        """Pause before the next heartbeat of a server that does not serve."""
        time.sleep(self._pause_s)
        self._pause_s = min(self._pause_s * PAUSE_GROWTH, LONGEST_CHECK_S)

    def _check_run_directory(self, run: RunFile | None) -> None:
        """Raises NotReady if the process that answers belongs to another data folder.

        A server of another data folder must be neither waited for nor ended from here.
        """
        if self._supervised and run not in (None, self._last_run) and not self._run_directory.owns(run):
            raise NotReady(f"the {self.role} that answers there, pid {run.pid}, belongs to another data folder")

    def _on_missed_heartbeat(self, error: TicTacToeError) -> None:
        self._accepts_connections = isinstance(error, DeadlineExceeded)
        self._waiting.failed(error)
        if self.answers:
            logger.warning("server does not answer", other=self.role, why=error.message)
            # After a hang the server counts as lost from its last heartbeat, after a death from now.
            hung = self._accepts_connections
            self._outages.begin(self._heartbeat_at if hung else time.monotonic(), hung=hung)
        self.answers = self._serving = False
        if self._supervised:
            ended, now = self._has_ended(), time.monotonic()
            action = self._supervision.on_exit(now) if ended else self._supervision.tick(now)
            if action is None and self._defers_to is not None and not self._is_alive(self._defers_to):
                self._supervision.stop_deferring(now)
                action = self._supervision.tick(now)
            self._execute(action)
        self._wait()

    def _is_alive(self, role: str) -> bool:
        run = self._run_directory.read(role)
        return run is not None and run.alive

    def _has_ended(self) -> bool:
        """Whether the last known process of the role has ended; False while none is expected to run."""
        condition = self._supervision.condition
        if condition is Condition.STARTING:
            return self._child is None or not self._child.alive
        if condition not in (Condition.RUNNING, Condition.ENDING):
            return False  # a search for a name server at each heartbeat would take a third of a core
        run = self._find_last_run()
        # A process closes its connections a moment before it is gone.
        return run is None or processes.wait_until_gone(run, 0.02)

    def _find_last_run(self) -> RunFile | None:
        run = self._last_run or self._run_directory.read(self.role)
        if self.role == NAME_SERVER and (run is None or not run.alive):
            return processes.find_name_server(self._settings)
        return run

    def _execute(self, action: Action | None) -> None:
        if action is Action.END:
            self._end_process()
        elif action is Action.START:
            self._start_process()

    def _end_process(self) -> None:
        logger.warning("ending a hung server", other=self.role)
        self._outages.hang()
        run = self._find_last_run()
        if run is None or processes.kill(run):
            self._execute(self._supervision.on_exit(time.monotonic()))

    def _start_process(self) -> None:
        run = self._run_directory.read(self.role)
        if run is not None and run.alive:
            # Another supervisor has started it. It gets the time that a start may take; after that it counts as hung. A
            # process that accepts connections has started, so it is hung if it does not answer.
            self._last_run = run
            if run != self._other_run:
                self._other_run, self._other_since = run, time.monotonic()
            waited_s = time.monotonic() - self._other_since  # a spare may be older than its role
            if self._accepts_connections or waited_s > self._settings.start_limit_s:
                self._end_process()
            else:
                self._supervision.on_other_process(time.monotonic())
            return
        if not self._run_directory.is_in_place:
            # A new process would use the folder that is there now, beside servers that still use the old one.
            logger.error("server not started", other=self.role, why=f"{self._settings.data} was moved or replaced")
            return
        self._child = None
        try:
            standby = None if self._standby is None else self._standby.begin()
            if standby is None:
                self._child = template_client.start(self.role, self._settings)
            else:
                self._child = self._run_directory.run_of(self.role, standby)
        except (OSError, psutil.NoSuchProcess) as error:
            logger.error("server not started", other=self.role, why=str(error))
            return  # counts as a start that did not answer
        if run is not None:
            self._outages.begin(time.monotonic())  # it may have died before its first heartbeat reached this supervisor
        self._last_run = self._child
        logger.info("server started", other=self.role, pid=self._child.pid, failures=self._supervision.failures)
