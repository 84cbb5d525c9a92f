"""What the banner shows of the connection and of a drain. Pure.

A short connection failure shows nothing; a longer failure shows the retries, then the recovery. Several calls can be
without an answer at a time (the watch of a room, a move). The link is lost from the first call without an answer until
the last of them is answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from client.texts import connection

PATIENCE_S = 0.3
"""Shorter failures are not shown, in seconds."""
BACK_SHOWN_S = 3.0
COUNTED_FROM_S = 5.0
"""A longer failure shows its duration, in seconds."""


@dataclass(frozen=True)
class Banner:
    """The content of the banner."""

    kind: Literal["lost", "back", "closing"]
    text: str
    offers_start: bool = False
    """Whether it has a button that starts the servers."""


class Listener(Protocol):
    """Receives changes of the connection. Times are of one monotonic clock, in seconds."""

    def unanswered(self, source: str, now: float) -> None:
        """Record that ``source`` has no answer now."""

    def answered(self, source: str, now: float) -> None:
        """Record that ``source`` has its answer, or needs none any more."""


class Link:
    """Whether the servers answer. Times are of one monotonic clock, in seconds."""

    def __init__(self) -> None:
        # The sources without an answer. While it is not empty, ``_unanswered_since`` is set.
        self._waiting: set[str] = set()
        self._unanswered_since: float | None = None
        self._back: tuple[float, float] | None = None  # when the link recovered, and how long it was lost

    def unanswered(self, source: str, now: float) -> None:
        """Record that ``source`` has no answer now."""
        if self._unanswered_since is None:
            self._unanswered_since = now
        self._waiting.add(source)

    def answered(self, source: str, now: float) -> None:
        """Record that ``source`` has its answer, or needs none any more."""
        self._waiting.discard(source)
        if self._waiting or self._unanswered_since is None:
            return
        lasted_s, self._unanswered_since = now - self._unanswered_since, None
        if lasted_s >= PATIENCE_S:
            self._back = (now, lasted_s)

    def banner(self, now: float) -> Banner | None:
        """Return the banner to show now; None if there is nothing to show."""
        if self._unanswered_since is not None and now - self._unanswered_since >= PATIENCE_S:
            lasts_s = now - self._unanswered_since
            return Banner("lost", connection.lost(lasts_s if lasts_s >= COUNTED_FROM_S else None))
        if self._back is not None and now - self._back[0] < BACK_SHOWN_S:
            return Banner("back", connection.back_after(self._back[1]))
        return None


@dataclass(frozen=True)
class Closing:
    """The servers stop after the last game, at the latest at ``until`` (seconds since 1970)."""

    until: float | None


def closing_from(answer: Mapping[str, Any]) -> Closing | None:
    """Return the notice in an answer of the servers; None if they do not drain."""
    draining = answer.get("draining")
    return None if draining is None else Closing(draining["until"])


def with_closing(banner: Banner | None, closing: Closing | None) -> Banner | None:
    """Return the connection's banner, otherwise the notice that the servers close.

    After the servers have closed, a lost connection shows the maintenance as its reason.
    """
    if closing is None:
        return banner
    if banner is None:
        return Banner("closing", connection.closing(closing.until))
    return Banner("lost", connection.CLOSED) if banner.kind == "lost" else banner
