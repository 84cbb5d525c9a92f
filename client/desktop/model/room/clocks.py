"""What the clocks show now: the servers' time goes on here between two pieces of news, and stands while nobody answers.

*Service time* (``game.moment``) stands still while no main server is in office; so does this, from the moment on at
which the connection is lost. The next news put it right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from client.views import View
from game.match.clock import clock_rule
from game.rules import SEATS, Seat

TENTHS_BELOW_MS = 10_000
LOW_PART = 3
"""Of a short time for every move, the last third is a warning; of a long one, the last ten seconds."""


class ServiceTimeEstimate:
    """The service time as far as it is known. ``now`` is of a monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._at = 0
        self._heard: float | None = None
        self._lost: float | None = None

    def heard(self, at: int, now: float) -> None:
        """The servers said so."""
        self._at, self._heard, self._lost = at, now, None

    def lost(self, _source: str, now: float) -> None:
        """Nobody answers: it stands."""
        if self._lost is None:
            self._lost = now

    def answered(self, _source: str, now: float) -> None:
        """Somebody does again: it goes on from where it stood."""
        if self._lost is not None and self._heard is not None:
            self._heard += now - self._lost
        self._lost = None

    def at(self, now: float) -> int:
        """The service time, in ms."""
        if self._heard is None:
            return self._at
        return self._at + int(1000 * max(0.0, (now if self._lost is None else self._lost) - self._heard))


@dataclass(frozen=True)
class Face:
    """A clock's face; ``low``: there is not much left, and it runs."""

    text: str
    low: bool


def faces(view: View, at: int) -> Mapping[Seat, Face] | None:
    """The two clocks at a service time; None in a game without."""
    time = view.time
    if time is None:
        return None
    warn_ms = min(TENTHS_BELOW_MS, clock_rule(view.clock).base_ms // LOW_PART)
    left = {seat: time.left(seat, at) for seat in SEATS}
    return {seat: Face(written(left[seat]), time.running == seat and left[seat] < warn_ms) for seat in SEATS}


def written(left_ms: int) -> str:
    """Minutes and seconds; of the last ten seconds the tenths too."""
    minutes, rest_ms = divmod(left_ms, 60_000)
    if left_ms < TENTHS_BELOW_MS:
        return f"0:0{rest_ms // 1000}.{rest_ms % 1000 // 100}"
    return f"{minutes}:{rest_ms // 1000:02d}"


def seconds_until(due_at: int, at: int) -> int:
    """Whole seconds until then, as people count down: 1 is the last."""
    return max(0, -(-(due_at - at) // 1000))


def is_moving(view: View) -> bool:
    """Whether something on screen changes by time alone: a clock, a countdown, how long somebody is away."""
    away = any(seat is not None and not seat.present for seat in view.seats.values())
    return view.due_at is not None or (view.phase == "playing" and away)
