"""Every username there is or was, as last published: whose each is, and which of them look alike.

What names look like is only worked out when somebody asks, a few at a time: it costs microseconds a name, which a main
server that takes office has no time for.
"""

from __future__ import annotations

import itertools
import threading

from game.accounts.lookalikes import skeletons
from game.accounts.names import NOBODY, Name, name_key
from server.log.name_stream import name_stream

LOOKED_AT_ONCE = 200
"""Names of which is worked out in one go what they look like."""


class NameIndex:
    """Usernames by stream, by the hash of their token, and by what they look like. Safe for threads."""

    def __init__(self) -> None:
        self.held = 0
        """How many are somebody's."""
        self.kept = 0
        """How many have a recovery code."""
        self._lock = threading.Lock()
        self._names: dict[str, Name] = {}
        self._of_hash: dict[str, str] = {}
        self._not_looked_at: dict[str, None] = {}
        self._looks: dict[str, tuple[str, ...]] = {}  # skeleton -> streams of held names, mostly one

    def __len__(self) -> int:
        """How many are remembered, those that are free again too."""
        return len(self._names)

    def put(self, stream: str, name: Name) -> None:
        """How the name is from now on."""
        with self._lock:
            before = self._names.get(stream, NOBODY)
            self._names[stream] = name
            self.kept += name.kept - before.kept
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

    def state(self, stream: str) -> Name | None:
        """How the name of that stream is; None if there never was one."""
        return self._names.get(stream)

    def held_names(self) -> list[str]:
        """Those that are somebody's."""
        with self._lock:
            known = list(self._names.values())
        return [name.name for name in known if name.held]

    def name_with(self, token_hash: str) -> str | None:
        """The username that belongs to a token."""
        return self._of_hash.get(token_hash)

    def resembling(self, name: str) -> str | None:
        """Somebody's name that looks like this one and is not the same, if there is one."""
        stream, looks = name_stream(name_key(name)), skeletons(name)
        while True:
            with self._lock:  # not for long: after a takeover there may be thousands to look at
                if self._look_at_some():
                    continue
                alike = (other for look in looks for other in self._looks.get(look, ()) if other != stream)
                found = next(alike, None)
                return None if found is None else self._names[found].name

    def _look_at_some(self) -> bool:
        """Work out what some names look like; whether there are more to look at."""
        for stream in list(itertools.islice(self._not_looked_at, LOOKED_AT_ONCE)):
            del self._not_looked_at[stream]
            for look in skeletons(self._names[stream].name):
                self._looks[look] = (*self._looks.get(look, ()), stream)
        return bool(self._not_looked_at)

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
