"""What a node keeps over a crash: values by key. A write counts as kept once it is synced."""

from __future__ import annotations

import random

from game.errors import check


class Disk:
    """Durable values. Writes are kept in order: a crash keeps those before some point, and loses those after it."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._synced: dict[str, object] = {}
        self._unsynced: list[tuple[str, object]] = []

    def write(self, key: str, value: object) -> None:
        """Write a value, which must be immutable; a crash before the next ``sync`` may lose it."""
        hash(value)
        check(bool(key), "a value has a key")
        self._unsynced.append((key, value))

    def sync(self) -> None:
        """All that was written so far is kept, whatever happens."""
        self._synced.update(self._unsynced)
        self._unsynced.clear()

    def read(self, key: str, default: object = None) -> object:
        """The value last written, synced or not."""
        for known, value in reversed(self._unsynced):
            if known == key:
                return value
        return self._synced.get(key, default)

    def lose_unsynced(self) -> None:
        """The machine went down: of the writes that were not synced, the last ones are missing."""
        kept = self._chance.randint(0, len(self._unsynced))
        del self._unsynced[kept:]
        self.sync()
