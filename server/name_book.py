"""Every username there is or was, by its stream: whose each is, and which of them look alike. Pure.

The house has one and holds its lock. What names look like is only worked out when somebody asks, a few at a time: it
costs microseconds a name, which a main server that takes office has no time for.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from game.look_alikes import skeletons
from game.names import NOBODY, Name


class NameBook:
    """Usernames by stream, by the hash of their token, and by what they look like. Not safe for threads."""

    def __init__(self) -> None:
        self.held = 0
        """How many are somebody's."""
        self._names: dict[str, Name] = {}
        self._of_hash: dict[str, str] = {}
        self._not_looked_at: dict[str, None] = {}
        self._looks: dict[str, tuple[str, ...]] = {}  # skeleton -> streams of held names, mostly one

    @property
    def names(self) -> Mapping[str, Name]:
        """All of them, free ones too, by stream."""
        return self._names

    def put(self, stream: str, name: Name) -> None:
        """How the name is from now on."""
        before = self._names.get(stream, NOBODY)
        self._names[stream] = name
        if before.held:
            self._of_hash.pop(before.token_hash, None)
            self.held -= 1
        if name.held:
            self._of_hash[name.token_hash] = name.name
            self.held += 1
        if before.name != name.name:
            if before.held:
                self._forget_looks(stream, before)
            if name.held:
                self._not_looked_at[stream] = None

    def name_with(self, token_hash: str) -> str | None:
        """The username that belongs to a token."""
        return self._of_hash.get(token_hash)

    def look_at_some(self, most: int) -> bool:
        """Work out what some names look like; whether there are more to look at."""
        for stream in list(itertools.islice(self._not_looked_at, most)):
            del self._not_looked_at[stream]
            for look in skeletons(self._names[stream].name):
                self._looks[look] = (*self._looks.get(look, ()), stream)
        return bool(self._not_looked_at)

    def resembling(self, stream: str, name: str) -> str | None:
        """Somebody's name, of another stream, that looks like this one. Of those that were looked at."""
        for look in skeletons(name):
            for other in self._looks.get(look, ()):
                if other != stream:
                    return self._names[other].name
        return None

    def _forget_looks(self, stream: str, before: Name) -> None:
        if stream in self._not_looked_at:
            del self._not_looked_at[stream]
            return
        for look in skeletons(before.name):
            left = tuple(other for other in self._looks.get(look, ()) if other != stream)
            if left:
                self._looks[look] = left
            else:
                self._looks.pop(look, None)
