"""A node's simulated disk: values by key that survive a crash once they are synced."""

from __future__ import annotations

import random

from game.errors import check


class Disk:
    """Durable values. A crash keeps a prefix of the unsynced writes, in order, and loses the rest."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._synced: dict[str, object] = {}
        # In the order of the writes. They are newer than everything in ``_synced``.
        self._unsynced: list[tuple[str, object]] = []

    def write(self, key: str, value: object) -> None:
        """Write an immutable value.

        A crash before the next ``sync`` may lose it. Raises TypeError for a value that has no hash.
        """
        hash(value)
        check(bool(key), "a disk write needs a key")
        self._unsynced.append((key, value))

    def sync(self) -> None:
        """Make all writes so far durable."""
        self._synced.update(self._unsynced)
        self._unsynced.clear()

    def read(self, key: str, default: object = None) -> object:
        """Return the value that was written last, synced or not."""
        for known, value in reversed(self._unsynced):
            if known == key:
                return value
        return self._synced.get(key, default)

    def lose_unsynced(self) -> None:
        """Lose a random number of the last unsynced writes, as a crash of the machine does."""
        kept = self._rng.randint(0, len(self._unsynced))
        del self._unsynced[kept:]
        self.sync()
