"""Rooms by the names in their rows: the owner, the players with a seat, the players of a running match. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeGuard

Row = Mapping[str, object]


class RoomsByName:
    """The rooms whose rows have a name, by that name. A name without a room is not stored."""

    def __init__(self, names_in: Callable[[Row], Iterable[str]], rows: Mapping[str, Row] | None = None) -> None:
        """``names_in`` returns the names in a row. ``rows`` are the first rooms."""
        self._names_in = names_in
        self._rooms: dict[str, tuple[str, ...]] = {}  # the latest last
        for room, row in (rows or {}).items():
            self._add(room, {*names_in(row)})

    @property
    def names(self) -> Iterable[str]:
        """The names that have a room."""
        return self._rooms.keys()

    def put(self, room: str, before: Row | None, row: Row | None) -> None:
        """Replace a room's row. None: the room is not there, or not any more."""
        old, new = (set() if one is None else {*self._names_in(one)} for one in (before, row))
        for name in old - new:
            self._rooms[name] = tuple(other for other in self.of(name) if other != room)
            if not self._rooms[name]:
                del self._rooms[name]
        self._add(room, new - old)

    def of(self, name: str) -> tuple[str, ...]:
        """Return the rooms of a name, the latest last."""
        return self._rooms.get(name, ())

    def latest(self, name: str) -> str | None:
        """Return the latest room of a name, or None."""
        rooms = self._rooms.get(name)
        return rooms[-1] if rooms else None

    def _add(self, room: str, names: Iterable[str]) -> None:
        for name in names:
            self._rooms[name] = (*self.of(name), room)


def owner(row: Row) -> Iterable[str]:
    """Return the person who opened the room. Empty if the servers did, or for an old room without that field."""
    return filter(_is_name, [row.get("owner")])


def players(row: Row) -> Iterable[str]:
    """Return the players with a seat."""
    seats = row.get("players")
    return filter(_is_name, seats.values() if isinstance(seats, Mapping) else ())


def players_of_match(row: Row) -> Iterable[str]:
    """Return the players of a match that the servers opened, while it runs."""
    return players(row) if row.get("match") else ()


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value != ""
