"""All usernames, present and former, as last published: the owner of each, and which names are lookalikes.

Skeletons are computed on the first request that needs them, a few at a time. They cost microseconds each, and a
takeover has no time for all of them.
"""

from __future__ import annotations

import itertools

from game.accounts.lookalikes import skeletons
from game.accounts.names import NOBODY, Name
from server.log.name_stream import name_stream
from server.rooms.reverse_index import ReverseIndex

COMPUTED_AT_ONCE = 200
"""Names whose skeletons are computed in one step."""


class NameIndex:
    """Usernames by stream, by token hash and by skeleton."""

    def __init__(self) -> None:
        self.held = 0
        """How many names have an owner."""
        self.kept = 0
        """How many names are reserved: they have a recovery code."""
        self._names: dict[str, Name] = {}
        self._of_hash: dict[str, str] = {}
        # Streams of owned names without computed skeletons. An owned name is either here or in ``_by_skeleton``.
        self._without_skeletons: dict[str, None] = {}
        self._by_skeleton = ReverseIndex[Name](lambda name: skeletons(name.name))  # streams of owned names, mostly one

    def __len__(self) -> int:
        """Return how many names are stored, including those that are free again."""
        return len(self._names)

    def put(self, stream: str, name: Name) -> None:
        """Store the new state of a name."""
        before = self._names.get(stream, NOBODY)
        self._names[stream] = name
        self.kept += name.is_reserved - before.is_reserved
        if before.is_owned:
            self._of_hash.pop(before.token_hash, None)
            self.held -= 1
        if name.is_owned:
            self._of_hash[name.token_hash] = name.name
            self.held += 1
        if before.name != name.name:
            if before.is_owned:
                self._forget_skeletons(stream, before)
            if name.is_owned:
                self._without_skeletons[stream] = None

    def state(self, stream: str) -> Name | None:
        """Return the state of that stream's name, or None if the name never existed."""
        return self._names.get(stream)

    def held_names(self) -> list[str]:
        """Return the names that have an owner."""
        known = list(self._names.values())
        return [name.name for name in known if name.is_owned]

    def name_with(self, token_hash: str) -> str | None:
        """Return the username of a token's owner, or None."""
        return self._of_hash.get(token_hash)

    def lookalike_of(self, name: str) -> str | None:
        """Return an owned name that is a lookalike of ``name`` but not the same, or None.

        Skeletons that are missing are computed first; ``compute_some`` does that in steps.
        """
        while self.compute_some():
            pass
        stream = name_stream(name)
        alike = (other for skeleton in skeletons(name) for other in self._by_skeleton.of(skeleton) if other != stream)
        found = next(alike, None)
        return None if found is None else self._names[found].name

    def compute_some(self) -> bool:
        """Compute the skeletons of some names. Return whether more names wait."""
        for stream in list(itertools.islice(self._without_skeletons, COMPUTED_AT_ONCE)):
            del self._without_skeletons[stream]
            self._by_skeleton.put(stream, None, self._names[stream])
        return bool(self._without_skeletons)

    def _forget_skeletons(self, stream: str, before: Name) -> None:
        if stream in self._without_skeletons:
            del self._without_skeletons[stream]
        else:
            self._by_skeleton.put(stream, before, None)
