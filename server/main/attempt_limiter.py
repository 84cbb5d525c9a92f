"""Limits how often a key may act: several attempts at once, then one per interval. Pure: the caller passes the time.

Each key (a name, a host, or both) has a token bucket. It stores used attempts, not free ones, so an unused key needs no
entry.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

REMEMBERED = 10_000


class AttemptLimiter:
    """Used attempts by key."""

    def __init__(self, *, at_once: int, again_s: float, most: int = REMEMBERED) -> None:
        """``at_once``: attempts allowed without a pause. ``again_s``: seconds until one more is allowed.

        ``most``: keys stored. The key with the oldest attempt is dropped first.
        """
        self._at_once = at_once
        self._again_s = again_s
        self._most = most
        # key -> (used attempts, when counted); the latest last
        self._made: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def is_exhausted(self, key: Hashable, now: float) -> bool:
        """Return whether the key has no attempt left at ``now``, in seconds."""
        return self._count(key, now) > self._at_once - 1

    def record(self, key: Hashable, now: float) -> None:
        """Count an attempt of the key."""
        count = self._count(key, now) + 1
        self._made[key] = (count, now)
        self._made.move_to_end(key)
        if len(self._made) > self._most:
            self._made.popitem(last=False)

    def _count(self, key: Hashable, now: float) -> float:
        count, at = self._made.get(key, (0.0, now))
        return max(0.0, count - (now - at) / self._again_s)
