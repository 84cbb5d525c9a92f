"""How often somebody may do something: so many times at once, then one every so often. Pure: the time is handed in.

One token bucket a key (a name, a host, or both), counted from the other side: as what was done and is not forgiven yet.
"""

from __future__ import annotations

from collections.abc import Hashable

REMEMBERED = 10_000


class AttemptLimiter:
    """Attempts by key. Not safe for threads."""

    def __init__(self, *, at_once: int, again_s: float, most: int = REMEMBERED) -> None:
        """``at_once``: so many attempts are free; then one in ``again_s`` seconds is. ``most``: so many keys are
        remembered; the one that was last used longest ago is forgotten first.
        """
        self._at_once = at_once
        self._again_s = again_s
        self._most = most
        self._made: dict[Hashable, tuple[float, float]] = {}  # key -> how many count now, as of when; the latest last

    def is_exhausted(self, key: Hashable, now: float) -> bool:
        """Whether no attempt is free at this time."""
        return self._count(key, now) > self._at_once - 1

    def record(self, key: Hashable, now: float) -> None:
        """An attempt was made."""
        count = self._count(key, now) + 1
        self._made.pop(key, None)
        self._made[key] = (count, now)
        if len(self._made) > self._most:
            del self._made[next(iter(self._made))]

    def _count(self, key: Hashable, now: float) -> float:
        count, at = self._made.get(key, (0.0, now))
        return max(0.0, count - (now - at) / self._again_s)
