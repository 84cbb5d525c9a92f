"""Ids by the keys of their items: the rooms of a name, or the names with a skeleton. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

Item = TypeVar("Item")


class ReverseIndex(Generic[Item]):
    """By key, the ids of the items that have it. A key without an id is not stored."""

    def __init__(self, keys_of: Callable[[Item], Iterable[str]], items: Mapping[str, Item] | None = None) -> None:
        """``keys_of`` returns the keys of an item. ``items`` are the first ones, by id."""
        self._keys_of = keys_of
        self._ids: dict[str, tuple[str, ...]] = {}  # the latest last
        for id_, item in (items or {}).items():
            self._add(id_, {*keys_of(item)})

    @property
    def keys(self) -> Iterable[str]:
        """The keys that have an id."""
        return self._ids.keys()

    def put(self, id_: str, before: Item | None, item: Item | None) -> None:
        """Replace the item of an id. None: it has no item, or none any more."""
        old, new = (set() if one is None else {*self._keys_of(one)} for one in (before, item))
        for key in old - new:
            self._ids[key] = tuple(other for other in self.of(key) if other != id_)
            if not self._ids[key]:
                del self._ids[key]
        self._add(id_, new - old)

    def of(self, key: str) -> tuple[str, ...]:
        """Return the ids with a key, the latest last."""
        return self._ids.get(key, ())

    def latest(self, key: str) -> str | None:
        """Return the latest id with a key, or None."""
        ids = self._ids.get(key)
        return ids[-1] if ids else None

    def _add(self, id_: str, keys: Iterable[str]) -> None:
        for key in keys:
            self._ids[key] = (*self.of(key), id_)
