"""What the user is told of a break: nothing if it is short, else that we try again, and when it is over. Pure.

Several things can be without an answer at a time (the watch of a room, a move); the link is lost from the first of
them until the last is answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

PATIENCE_S = 0.3
"""A break that is over sooner is not worth a word."""
BACK_SHOWN_S = 3.0
COUNTED_FROM_S = 5.0
"""A break longer than this says how long it lasts."""


@dataclass(frozen=True)
class Banner:
    """What the banner says."""

    kind: Literal["lost", "back", "closing"]
    text: str
    action: str = ""
    """The text of its button; empty without one."""


class Listener(Protocol):
    """Hears of breaks. Times are of one monotonic clock, in seconds."""

    def lost(self, source: str, now: float) -> None:
        """That has no answer now."""

    def answered(self, source: str, now: float) -> None:
        """That has its answer, or wants none any more."""


class Link:
    """Whether the servers answer. Times are of one monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._waiting: set[str] = set()
        self._lost_at: float | None = None
        self._back: tuple[float, float] | None = None  # since when, after how long

    def lost(self, source: str, now: float) -> None:
        """That has no answer now."""
        if self._lost_at is None:
            self._lost_at = now
        self._waiting.add(source)

    def answered(self, source: str, now: float) -> None:
        """That has its answer, or wants none any more."""
        self._waiting.discard(source)
        if self._waiting or self._lost_at is None:
            return
        lasted_s, self._lost_at = now - self._lost_at, None
        if lasted_s >= PATIENCE_S:
            self._back = (now, lasted_s)

    def banner(self, now: float) -> Banner | None:
        """What is to be said now, if anything."""
        if self._lost_at is not None and now - self._lost_at >= PATIENCE_S:
            lasts_s = now - self._lost_at
            how_long = f" ({lasts_s:.0f} s)" if lasts_s >= COUNTED_FROM_S else ""
            return Banner("lost", f"Connection lost — trying again{how_long}")
        if self._back is not None and now - self._back[0] < BACK_SHOWN_S:
            return Banner("back", f"Back after {self._back[1]:.1f} s")
        return None
