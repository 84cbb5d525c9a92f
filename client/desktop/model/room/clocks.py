"""What the clocks show now. The time advances locally between two news, and stands still while no server answers.

*Service time* (``game.context``) stands still while there is no primary. So does this estimate while the connection is
lost. The next news correct it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from game.forms.room_view import View
from game.match.clock import clock_rule
from game.rules import SEATS, Seat

TENTHS_BELOW_MS = 10_000
LOW_PART = 3
"""A clock warns in the last third of a short base time, and in the last ten seconds of a long one."""


class ServiceTimeEstimate:
    """An estimate of the service time. ``now`` is of a monotonic clock, in seconds."""

    def __init__(self) -> None:
        # The service time in ms at local time ``_set_at``. It advances from there, until ``_stopped_at`` if set.
        self._at = 0
        self._set_at: float | None = None
        self._stopped_at: float | None = None

    def set(self, at: int, now: float) -> None:
        """Set the service time that the servers sent."""
        self._at, self._set_at, self._stopped_at = at, now, None

    def unanswered(self, _source: str, now: float) -> None:
        """Stop the estimate: the servers do not answer."""
        if self._stopped_at is None:
            self._stopped_at = now

    def answered(self, _source: str, now: float) -> None:
        """Continue the estimate from where it stopped: the servers answer again."""
        if self._stopped_at is not None and self._set_at is not None:
            self._set_at += now - self._stopped_at
        self._stopped_at = None

    def at(self, now: float) -> int:
        """Return the service time, in ms."""
        if self._set_at is None:
            return self._at
        return self._at + int(1000 * max(0.0, (now if self._stopped_at is None else self._stopped_at) - self._set_at))


@dataclass(frozen=True)
class Face:
    """The text of a clock. ``low``: the clock runs and little time is left."""

    text: str
    low: bool


def faces(view: View, at: int) -> Mapping[Seat, Face] | None:
    """Return both clocks at a service time; None in a game without clocks."""
    time = view.time
    if time is None:
        return None
    warn_ms = min(TENTHS_BELOW_MS, clock_rule(view.clock).base_ms // LOW_PART)
    left = {seat: time.left(seat, at) for seat in SEATS}
    return {seat: Face(time_text(left[seat]), time.running == seat and left[seat] < warn_ms) for seat in SEATS}


def time_text(left_ms: int) -> str:
    """Return minutes and seconds; tenths too below ten seconds."""
    minutes, rest_ms = divmod(left_ms, 60_000)
    if left_ms < TENTHS_BELOW_MS:
        return f"0:0{rest_ms // 1000}.{rest_ms % 1000 // 100}"
    return f"{minutes}:{rest_ms // 1000:02d}"


def seconds_until(due_at: int, at: int) -> int:
    """Return the whole seconds until then, rounded up, so that a countdown ends with 1."""
    return max(0, -(-(due_at - at) // 1000))


def changes_with_time(view: View) -> bool:
    """Return whether the screen changes with time alone: a clock, a countdown, or the duration of an absence."""
    away = any(seat is not None and not seat.present for seat in view.seats.values())
    return view.due_at is not None or (view.phase == "playing" and away)
