"""What lists show of rooms without their states: the lobby, closed rooms, seats, and running matches. Pure.

It is filled from the journal's stream summaries and updated with each batch. The room store has the only index.
"""

from __future__ import annotations

from collections.abc import Iterable

from server.rooms.lobby import Lobby, LobbyChange, Row, owner, players
from server.rooms.reverse_index import ReverseIndex


class RoomIndex(Lobby):
    """All open and recently closed rooms, by their rows."""

    def __init__(self) -> None:
        super().__init__()
        self._by_name: tuple[ReverseIndex[Row], ReverseIndex[Row]] | None = None
        """Open rooms by owner, and by player. None until they are first needed."""
        self._released: set[str] = set()

    def __len__(self) -> int:
        """Return how many rooms are open."""
        return len(self.rows)

    def __contains__(self, room: str) -> bool:
        """Return whether the room exists: open, or closed and not yet forgotten."""
        return room in self._changed_at

    def put(self, change: LobbyChange) -> None:
        """Apply a change."""
        _, room, row = change
        before = self.rows.get(room)
        if row is None and before is not None:
            self._released |= {*owner(before), *players(before)}
        for rooms in self._by_name or ():
            rooms.put(room, before, row)
        super().put(change)

    def is_listed_as(self, room: str, row: Row | None) -> bool:
        """Return whether ``row`` is the room's present row. None means closed."""
        return room in self._closed_at if row is None else self.rows.get(room) == row

    def unfinished(self) -> list[str]:
        """Return the open rooms in which a game, a series or a selection runs, by their rows."""
        rows = self.rows
        return [room for room, row in rows.items() if row["timed"] or row["phase"] in ("playing", "selecting")]

    def match_of(self, name: str) -> str | None:
        """Return the room of a player's running match, or None. With several (the house bot) it is the latest."""
        return self.matches.latest(name)

    def opened_by(self, names: Iterable[str]) -> int:
        """Return how many open rooms these players have opened."""
        opened, _ = self._rooms_by_name()
        return sum(len(opened.of(name)) for name in names)

    def seats_of(self, name: str) -> int:
        """Return in how many open rooms a player has a seat."""
        _, seated = self._rooms_by_name()
        return len(seated.of(name))

    def seated(self) -> set[str]:
        """Return the players with a seat in an open room, and the owners of open rooms."""
        opened, seated = self._rooms_by_name()
        return {*opened.keys, *seated.keys}

    def take_released(self) -> set[str]:
        """Return the owners and players of rooms closed since the last call."""
        names, self._released = self._released, set()
        return names

    def _rooms_by_name(self) -> tuple[ReverseIndex[Row], ReverseIndex[Row]]:
        """Return ``_by_name``. There may be very many rooms, so it is not made during a takeover but on first use."""
        if self._by_name is None:
            self._by_name = ReverseIndex(owner, self.rows), ReverseIndex(players, self.rows)
        return self._by_name
