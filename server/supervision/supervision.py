"""Who is alive, whom to end, whom to start: one server's look at one other, pure, on a monotonic clock.

Inputs: a heartbeat was answered (``heard``), its process is gone (``ended``), time passes (``tick``). Outputs: ``END``
(SIGKILL what is left of it, then say ``ended``) and ``START``. The shell (``supervisor``) does them. The machine:

    ABSENT    not heard yet in this life; it is started once its time has come
      -> RUNNING on heard, -> STARTING on START
    STARTING  started by us, not heard yet
      -> RUNNING on heard, -> BACKOFF on ended, -> ENDING when it takes longer than the limit
    RUNNING   answers heartbeats
      -> ENDING when it misses them for longer than the limit, -> STARTING or BACKOFF on ended
    ENDING    END was said
      -> STARTING or BACKOFF on ended
    BACKOFF   it died at or soon after its start: the pause before the next start grows each time
      -> STARTING when the pause is over, -> RUNNING on heard (somebody else started it)
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

STAND_DOWN_S = 10.0
"""For so long a server that was told to stand down watches nobody, and then it does again. A stop that takes longer
tells it again and again; one that was interrupted leaves no server that nobody watches.
"""
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 10.0


class Condition(enum.Enum):
    """What is known of a watched server."""

    ABSENT = "absent"
    STARTING = "starting"
    RUNNING = "running"
    ENDING = "ending"
    BACKOFF = "keeps dying, next try later"


class Action(enum.Enum):
    """What the shell is to do now."""

    START = "start"
    END = "end"


@dataclass(frozen=True)
class RestartLimits:
    """How long a watcher waits for what, in seconds."""

    grace_s: float
    """for a server that never ran here to be started by somebody else"""
    hang_s: float
    """without a heartbeat until a running server counts as hung"""
    start_limit_s: float
    """from a start to the first heartbeat"""
    stable_s: float = 0.5
    """a server that ran this long did not die of its start"""
    courtesy_s: float = 0.0
    """for another watcher, who goes first, to start a server that died"""


class Supervision:
    """One watched server's life as seen from here."""

    def __init__(self, patience: RestartLimits, now: float, *, ran_before: bool) -> None:
        """``ran_before``: it ran in this data folder and was not stopped for good, so it is missed at once."""
        self.starts = 0
        self._patience = patience
        self.begin_anew(now, ran_before=ran_before)

    def begin_anew(self, now: float, *, ran_before: bool) -> None:
        """Watch from now on, knowing nothing of the time before: nobody looked, so nobody was missed in it."""
        self.condition = Condition.ABSENT
        self.failures = 0
        self._since = now
        self._running_since: float | None = None
        self._heard_at = now
        self._due_at = now + (self._patience.courtesy_s if ran_before else self._patience.grace_s)

    def heard(self, now: float) -> None:
        """It answered a heartbeat, and so proved that it moves."""
        if self.condition is not Condition.RUNNING:
            self._enter(Condition.RUNNING, now)
        if self._running_since is None:
            self._running_since = now
        elif now - self._running_since >= self._patience.stable_s:
            self.failures = 0
        self._heard_at = now

    def ended(self, now: float) -> Action | None:
        """Its process is gone."""
        if self.condition in (Condition.ABSENT, Condition.BACKOFF):
            return self.tick(now)
        ran = self._running_since is not None and now - self._running_since >= self._patience.stable_s
        self.failures = 0 if ran else self.failures + 1
        self._due_at = now + self._pause_s()
        self._enter(Condition.BACKOFF, now)
        return self.tick(now)

    def yielded(self, now: float) -> None:
        """What we started ended itself because another of that role runs: wait to hear that one."""
        self._due_at = now + self._patience.hang_s
        self._enter(Condition.ABSENT, now)

    def tick(self, now: float) -> Action | None:
        """Time has passed: what is due now, if anything."""
        if self.condition in (Condition.ABSENT, Condition.BACKOFF) and now >= self._due_at:
            self._enter(Condition.STARTING, now)
            self._running_since = None
            self._heard_at = now
            self.starts += 1
            return Action.START
        overdue = (self.condition is Condition.RUNNING and now - self._heard_at > self._patience.hang_s) or (
            self.condition is Condition.STARTING and now - self._since > self._patience.start_limit_s
        )
        if overdue:
            self._enter(Condition.ENDING, now)
            return Action.END
        return None

    def hurry(self, now: float) -> None:
        """Nobody else is there who could go first: no courtesy."""
        if self.condition is Condition.BACKOFF and self.failures == 0:
            self._due_at = min(self._due_at, now)

    def due_in_s(self, now: float) -> float | None:
        """Seconds until it is started, or None when that is not what it waits for."""
        if self.condition in (Condition.ABSENT, Condition.BACKOFF):
            return max(0.0, self._due_at - now)
        return None

    def _pause_s(self) -> float:
        if self.failures == 0:
            return self._patience.courtesy_s
        growing = FIRST_PAUSE_S * 2.0 ** min(self.failures - 1, 30)
        return self._patience.courtesy_s + min(growing, LONGEST_PAUSE_S)

    def _enter(self, condition: Condition, now: float) -> None:
        self.condition = condition
        self._since = now
