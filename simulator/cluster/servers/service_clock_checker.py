"""How service time has passed, checked from outside: it may pass while a main server is in office and shows that it
moves, and not faster; what was written down is known again. The judge's own reckoning, kept over all terms.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from server.log.entries import Entry
from server.log.service_stream import THE_SERVICE
from server.main.timer_commands import WRITTEN_EVERY_MS
from server.rooms.service_clock import LONGEST_STEP_S

SLACK_MS = 5
"""Whole milliseconds are told."""
LONGEST_HANG_S = 2 * LONGEST_STEP_S
"""Of a time without a tick no more counts; twice a step, since one begins anew when a room that comes back to memory
says that it has been later."""


@dataclass
class ServiceClockChecker:
    """What main servers said what time it is. ``speed``: so much faster than the world's time service time passes."""

    speed: float = 1.0
    findings: list[str] = field(default_factory=list)
    _holder: str = ""
    _passed_s: float = 0.0
    """How long, by the world's time, anybody was in office and moved, up to ``_counted_to``."""
    _counted_to: float = 0.0
    _said_s: float = 0.0
    """The same when something was decided last."""
    _latest: int = 0
    _least_lead: float = 0.0
    """By how much service time was ahead of office hours, at the least: it can never be more later."""
    _stray: int = 0
    """The latest that was told out of office, by whoever does not know yet that another has it: what is written down at
    that time is never acknowledged, but may stand."""
    _term_began_s: float = 0.0
    """What had passed when this term of office began."""
    _written: int = 0
    _due_from: int = 0

    def published(self, entry: Entry) -> None:
        """Anybody may have seen this."""
        if entry.stream == THE_SERVICE:
            self._written = max(self._written, json.loads(entry.body)["at"])

    def kept(self, at: int) -> None:
        """It was that late while something was due, and all that time asked for had been done."""
        self._due_from = max(self._due_from, at - WRITTEN_EVERY_MS)

    def begins(self, who: str, now: float, at: int) -> None:
        """A term of office begins, in which it is that late. What whoever had it before says counts no more."""
        self._holder = who
        known = max(self._written, self._due_from)
        if at < known:
            self.findings.append(f"time: {who} took office at {now:.3f} s, when it was {known} ms, and says {at} ms")
        self._passed_s = max(self._passed_s, self._said_s)
        self._counted_to = now
        self._term_began_s = self._passed_s

    def ticks(self, who: str, now: float) -> None:
        """Whoever is in office shows that it moves."""
        if who != self._holder:
            return
        self._passed_s = self._passed_by(now)
        self._counted_to = max(now, self._counted_to)

    def says(self, who: str, now: float, at: int) -> None:
        """Something is decided, at that service time."""
        if who != self._holder:
            self._stray = max(self._stray, at)
            return
        self._said_s = self._passed_by(now)
        passed_ms = 1000 * self.speed * self._said_s
        late = at - self._least_lead - passed_ms
        if late > SLACK_MS:
            since_stray_ms = 1000 * self.speed * (self._said_s - self._term_began_s)
            if at > self._stray + since_stray_ms + SLACK_MS:
                self.findings.append(f"time: {who} says {at} ms at {now:.3f} s, {late:.0f} ms more than it can be")
            self._least_lead = at - passed_ms
        self._latest = max(self._latest, at)
        self._least_lead = min(self._least_lead, self._latest - passed_ms)

    def _passed_by(self, now: float) -> float:
        return self._passed_s + min(max(0.0, now - self._counted_to), LONGEST_HANG_S / self.speed)
