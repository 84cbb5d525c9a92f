"""Wrong recovery codes: how many may be tried for a name. Pure: the time is handed in.

A code has 100 bits and nobody guesses it; this keeps the servers from being busy with those who try (a token bucket).
"""

from __future__ import annotations

AT_ONCE = 10
"""So many wrong codes may be tried for a name one after the other."""
AGAIN_S = 2.0
"""And then one in so many seconds."""


class Guesses:
    """Wrong codes by name. Not safe for threads."""

    def __init__(self, most: int = 10_000) -> None:
        """``most``: so many names are remembered; the one that was tried longest ago is forgotten first."""
        self._most = most
        self._tried: dict[str, tuple[float, float]] = {}  # name -> how many count now, as of when; the latest last

    def too_many(self, key: str, now: float) -> bool:
        """Whether no more codes may be tried for that name yet."""
        return self._count(key, now) > AT_ONCE - 1

    def wrong(self, key: str, now: float) -> None:
        """A wrong code was tried."""
        count = self._count(key, now) + 1
        self._tried.pop(key, None)
        self._tried[key] = (count, now)
        if len(self._tried) > self._most:
            del self._tried[next(iter(self._tried))]

    def _count(self, key: str, now: float) -> float:
        count, at = self._tried.get(key, (0.0, now))
        return max(0.0, count - (now - at) / AGAIN_S)
