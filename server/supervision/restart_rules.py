"""Decides when to start and when to end one supervised server. No I/O, on a monotonic clock.

Inputs: a heartbeat was answered (``on_heartbeat``), its process is gone (``on_exit``), time passes (``tick``). Outputs:
``START`` and ``END`` (send SIGKILL, then call ``on_exit``). The shell (``supervisor``) carries them out. The states:

    ABSENT    no heartbeat since supervision began or since ``on_other_process``; started when its time has come
      -> RUNNING after on_heartbeat, -> STARTING on START
    STARTING  started by this supervisor, no heartbeat yet
      -> RUNNING after on_heartbeat, -> BACKOFF after on_exit, -> ABSENT after on_other_process
      -> ENDING when it takes longer than the limit
    RUNNING   answers heartbeats
      -> ENDING when it misses them for longer than the limit, -> STARTING or BACKOFF after on_exit
    ENDING    END was returned
      -> STARTING or BACKOFF after on_exit
    BACKOFF   the pause before the next start; it grows each time that the process died at or soon after its start
      -> STARTING when the pause is over, -> RUNNING after on_heartbeat (another supervisor started it)
"""

from __future__ import annotations

import enum

from msgspec import Struct

STAND_DOWN_S = 10.0
"""Seconds for which a server stands down: it supervises nothing, then it supervises again. ``cluster stop`` repeats
its call of ``stand_down`` while it takes longer. After an interrupted stop every server is supervised again.
"""
FIRST_BACKOFF_S = 0.05
LONGEST_BACKOFF_S = 10.0
LONGEST_BACKOFF_AFTER_RUN_S = 0.2
"""The longest pause after a server that had answered a heartbeat. Without this limit, servers that are killed faster
than every ``stable_s`` would come back later and later."""


class Condition(enum.Enum):
    """The state of a supervised server."""

    ABSENT = "absent"
    STARTING = "starting"
    RUNNING = "running"
    ENDING = "ending"
    BACKOFF = "waits before the next start"


class Action(enum.Enum):
    """What the shell must do now."""

    START = "start"
    END = "end"


class RestartLimits(Struct, frozen=True):
    """How long a supervisor waits, in seconds."""

    grace_s: float
    """for another supervisor to start a server that never ran here"""
    hang_s: float
    """without a heartbeat until a running server counts as hung"""
    start_limit_s: float
    """from a start to the first heartbeat"""
    stable_s: float = 0.2
    """a server that ran this long did not die of its start. It is short: otherwise servers that are killed again and
    again would wait, too"""
    defer_s: float = 0.0
    """for another supervisor with priority to start a server that died"""


class Supervision:
    """The state machine of one supervised server.

    ``failures`` counts failed starts in a row: it is 0 again once the server ran for ``stable_s``. ``starts`` only
    grows.
    """

    def __init__(self, limits: RestartLimits, now: float, *, ran_before: bool) -> None:
        """``ran_before``: it ran in this data folder and was not stopped for good, so it counts as missing at once."""
        self.starts = 0
        self._limits = limits
        self.reset(now, ran_before=ran_before)

    def reset(self, now: float, *, ran_before: bool) -> None:
        """Begin again at ``now``. The time before does not count: no heartbeat was expected in it."""
        self.condition = Condition.ABSENT
        self.failures = 0
        # When ``condition`` last changed.
        self._since = now
        # When the first heartbeat after the last start from here came; None before it.
        self._running_since: float | None = None
        self._heartbeat_at = now
        # When to start it; valid in ABSENT and BACKOFF.
        self._start_at = now + (self._limits.defer_s if ran_before else self._limits.grace_s)

    def on_heartbeat(self, now: float) -> None:
        """Process a heartbeat: the server works."""
        if self.condition is not Condition.RUNNING:
            self._change_to(Condition.RUNNING, now)
        if self._running_since is None:
            self._running_since = now
        elif now - self._running_since >= self._limits.stable_s:
            self.failures = 0
        self._heartbeat_at = now

    def on_exit(self, now: float) -> Action | None:
        """Process the end of its process; return what to do now, if anything."""
        if self.condition in (Condition.ABSENT, Condition.BACKOFF):
            return self.tick(now)
        ran = self._running_since is not None and now - self._running_since >= self._limits.stable_s
        self.failures = 0 if ran else self.failures + 1
        self._start_at = now + self._limits.defer_s + self._backoff_s()
        self._change_to(Condition.BACKOFF, now)
        return self.tick(now)

    def on_other_process(self, now: float) -> None:
        """Wait for the heartbeat of another process with that role: the started process ended because of it."""
        self._start_at = now + self._limits.hang_s
        self._change_to(Condition.ABSENT, now)

    def tick(self, now: float) -> Action | None:
        """Return what is due at ``now``, if anything."""
        if self.condition in (Condition.ABSENT, Condition.BACKOFF) and now >= self._start_at:
            self._change_to(Condition.STARTING, now)
            self._running_since = None
            self._heartbeat_at = now
            self.starts += 1
            return Action.START
        overdue = (self.condition is Condition.RUNNING and now - self._heartbeat_at > self._limits.hang_s) or (
            self.condition is Condition.STARTING and now - self._since > self._limits.start_limit_s
        )
        if overdue:
            self._change_to(Condition.ENDING, now)
            return Action.END
        return None

    def stop_deferring(self, now: float) -> None:
        """Skip ``defer_s``: no other supervisor with priority is alive."""
        if self.condition is Condition.BACKOFF:
            self._start_at = min(self._start_at, max(now, self._since + self._backoff_s()))

    def next_start_in_s(self, now: float) -> float | None:
        """Return the seconds until the next start; None in states that do not wait for one."""
        if self.condition in (Condition.ABSENT, Condition.BACKOFF):
            return max(0.0, self._start_at - now)
        return None

    def _backoff_s(self) -> float:
        if self.failures == 0:
            return 0.0
        longest_s = LONGEST_BACKOFF_S if self._running_since is None else LONGEST_BACKOFF_AFTER_RUN_S
        return min(FIRST_BACKOFF_S * 2.0 ** min(self.failures - 1, 30), longest_s)

    def _change_to(self, condition: Condition, now: float) -> None:
        self.condition = condition
        self._since = now
