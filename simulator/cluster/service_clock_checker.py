"""An independent check of service time over all terms.

Service time may pass only while a primary runs and ticks, and not faster than ``speed`` allows. A new term must not
begin before the latest time that is stored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from server.log.entries import Entry
from server.log.service_stream import THE_SERVICE
from server.main.timers import WRITTEN_EVERY_MS
from server.rooms.service_clock import LONGEST_STEP_S

SLACK_MS = 5
"""Tolerance in milliseconds: service time is reported in whole milliseconds."""
LONGEST_HANG_S = 2 * LONGEST_STEP_S
"""The most that may count for a time without a tick, in seconds. It is two steps: a step begins anew when a room that
is loaded again has a later time."""


@dataclass
class ServiceClockChecker:
    """The service times that main servers reported.

    ``speed``: how much faster service time passes than virtual time.
    """

    speed: float = 1.0
    findings: list[str] = field(default_factory=list)
    # The incarnation that is the primary of the present term.
    _primary: str = ""
    _passed_s: float = 0.0
    """Virtual seconds during which a primary ran and ticked, up to ``_counted_to``."""
    _counted_to: float = 0.0
    _decided_s: float = 0.0
    """The value of ``_passed_s`` at the last decision."""
    # The highest service time of a decision of a primary, in milliseconds.
    _latest: int = 0
    _least_lead: float = 0.0
    """The smallest lead of service time over the primaries' running time so far, in milliseconds. It may never grow."""
    _stray: int = 0
    """The latest time reported by an old primary that has not noticed its successor. Entries with that time are never
    acknowledged, but may stay in the log."""
    _term_began_s: float = 0.0
    """The value of ``_passed_s`` when this term began."""
    # The highest time in a published entry, in milliseconds. No later term may begin before it.
    _written: int = 0
    # A lower bound for the beginning of later terms, from ticks with pending timers.
    _due_from: int = 0

    def record_published(self, entry: Entry) -> None:
        """Record an entry that clients may have seen."""
        if entry.stream == THE_SERVICE:
            self._written = max(self._written, json.loads(entry.body)["at"])

    def record_pending_timers(self, at: int) -> None:
        """Record the time ``at`` of a tick with timers pending, after all due commands were done."""
        self._due_from = max(self._due_from, at - WRITTEN_EVERY_MS)

    def begin_term(self, incarnation: str, now: float, at: int) -> None:
        """Record the start of a term at service time ``at``.

        From now on reports of the previous primary do not count.
        """
        self._primary = incarnation
        known = max(self._written, self._due_from)
        if at < known:
            self.findings.append(
                f"time: {incarnation} became primary at {now:.3f} s, when it was {known} ms, and reports {at} ms"
            )
        self._passed_s = max(self._passed_s, self._decided_s)
        self._counted_to = now
        self._term_began_s = self._passed_s

    def record_tick(self, incarnation: str, now: float) -> None:
        """Record a tick. A tick of an old primary is ignored."""
        if incarnation != self._primary:
            return
        self._passed_s = self._passed_by(now)
        self._counted_to = max(now, self._counted_to)

    def check_decision(self, incarnation: str, now: float, at: int) -> None:
        """Check the service time ``at`` of a decision."""
        if incarnation != self._primary:
            self._stray = max(self._stray, at)
            return
        self._decided_s = self._passed_by(now)
        passed_ms = 1000 * self.speed * self._decided_s
        late = at - self._least_lead - passed_ms
        if late > SLACK_MS:
            since_stray_ms = 1000 * self.speed * (self._decided_s - self._term_began_s)
            if at > self._stray + since_stray_ms + SLACK_MS:
                self.findings.append(
                    f"time: {incarnation} reports {at} ms at {now:.3f} s, {late:.0f} ms more than it can be"
                )
            self._least_lead = at - passed_ms
        self._latest = max(self._latest, at)
        # Of a time without a tick, the second step may still pass after this decision.
        at_least_ms = 1000 * self.speed * self._passed_by(now, LONGEST_STEP_S)
        self._least_lead = min(self._least_lead, self._latest - at_least_ms)

    def _passed_by(self, now: float, longest_s: float = LONGEST_HANG_S) -> float:
        return self._passed_s + min(max(0.0, now - self._counted_to), longest_s / self.speed)
