"""When something was last active: usernames by their owners, or people in their rooms. No clock and no threads here."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class LastActive(Generic[Key]):
    """Keys by the time of their last activity, in seconds."""

    def __init__(self) -> None:
        self._at: dict[Key, float] = {}
        """The oldest first: times never fall from one call of ``touch`` to the next."""

    def __contains__(self, key: Key) -> bool:
        """Return whether a time is known."""
        return key in self._at

    def at(self, key: Key) -> float | None:
        """Return the time of the last activity, or None."""
        return self._at.get(key)

    def touch(self, key: Key, now: float) -> None:
        """Record an activity."""
        self._at.pop(key, None)
        self._at[key] = now

    def add_older(self, keys: Iterable[Key], at: float) -> None:
        """Record an activity at a time before all others, for keys that have none."""
        self._at = {**{key: at for key in keys if key not in self._at}, **self._at}

    def before(self, at: float, most: int | None = None) -> list[tuple[Key, float]]:
        """Return at most ``most`` keys that were last active before that time, the oldest first."""
        old = itertools.takewhile(lambda item: item[1] < at, self._at.items())
        return list(itertools.islice(old, most))

    def forget(self, key: Key, at: float) -> None:
        """Forget a key, unless it was active after that time."""
        if self._at.get(key, at) <= at:
            self._at.pop(key, None)
