"""What lists show of rooms without their states: the lobby, closed rooms, seats, and running matches. Pure.

It is filled from the journal's stream summaries and updated with each batch. The room store has the only index.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from server.rooms.lobby import Lobby, LobbyChange, OpenMatches, Row


class RoomIndex(Lobby):
    """All open and recently closed rooms, by their rows."""

    def __init__(self, on_new_room: Callable[[str], None]) -> None:
        """Make an empty index. ``on_new_room`` is called with each room before it is added."""
        super().__init__()
        self._on_new_room = on_new_room
        self._matches = OpenMatches()
        # Closed rooms that are not forgotten yet, with the revision of their closing.
        self._closed: dict[str, int] = {}
        self._counts: tuple[Counter[str], Counter[str]] | None = None
        """Open rooms by owner, and seats in open rooms by player. None until they are first needed."""
        self._released: set[str] = set()

    def __len__(self) -> int:
        """Return how many rooms are open."""
        return len(self.rows)

    def __contains__(self, room: str) -> bool:
        """Return whether the room exists: open, or closed and not yet forgotten."""
        return room in self.rows or room in self._closed

    def fill(self, changes: Sequence[LobbyChange]) -> None:
        """Add all rooms at the beginning of a term, in order of revision."""
        for change in changes:
            self._on_new_room(change.room)
            self._matches.put(change.room, change.row)
        self._closed = {change.room: change.revision for change in changes if change.row is None}
        super().fill(changes)

    def put(self, change: LobbyChange) -> bool:
        """Apply a change. Return whether it changed the lobby."""
        if change.room not in self:
            self._on_new_room(change.room)
        if change.row is None:
            self._closed[change.room] = change.revision
            self._released |= _seated(self.rows.get(change.room, {}))
        self._recount(self.rows.get(change.room), change.row)
        self._matches.put(change.room, change.row)
        return super().put(change)

    def is_open(self, room: str) -> bool:
        """Return whether the room exists and is not closed."""
        return room in self.rows

    def is_listed_as(self, room: str, row: Row | None) -> bool:
        """Return whether ``row`` is the room's present row. None means closed."""
        return room in self._closed if row is None else self.rows.get(room) == row

    def unfinished(self) -> list[str]:
        """Return the open rooms in which a game, a series or a selection runs, by their rows."""
        rows = self.rows
        return [room for room, row in rows.items() if row["timed"] or row["phase"] in ("playing", "selecting")]

    def match_of(self, name: str) -> str | None:
        """Return the room of a player's running match, or None."""
        return self._matches.of(name)

    def opened_by(self, name: str) -> int:
        """Return how many open rooms a player has opened."""
        return self._counted()[0][name]

    def seats_of(self, name: str) -> int:
        """Return in how many open rooms a player has a seat."""
        return self._counted()[1][name]

    def _counted(self) -> tuple[Counter[str], Counter[str]]:
        """Return ``_counts``. There may be very many rooms, so they are not counted during a
        takeover but on first use.
        """
        if self._counts is None:
            rows = self.rows.values()
            self._counts = (
                Counter(name for row in rows for name in _owner(row)),
                Counter(name for row in rows for name in _players(row)),
            )
        return self._counts

    def _recount(self, before: Row | None, after: Row | None) -> None:
        if self._counts is None:
            return
        for counts, names_in in zip(self._counts, (_owner, _players), strict=True):
            removed, added = names_in(before), names_in(after)
            if removed != added:
                for name in removed:
                    counts[name] -= 1
                    if not counts[name]:
                        del counts[name]
                counts.update(added)

    def take_released(self) -> set[str]:
        """Return the owners and players of rooms closed since the last call."""
        names, self._released = self._released, set()
        return names

    def forget_closed(self, *, but: int) -> list[str]:
        """Forget all closed rooms except the latest ``but``. Return the forgotten rooms."""
        old = sorted(self._closed, key=self._closed.__getitem__)[:-but]
        for room in old:
            self.complete_up_to(self.revision, forgotten=self._closed.pop(room))
        return old


def seated_in(rows: Iterable[Row]) -> set[str]:
    """Return the players with a seat in these rooms, and the rooms' owners."""
    return set().union(*map(_seated, rows))


def _seated(row: Row) -> set[str]:
    return {*_owner(row), *_players(row)}


def _owner(row: Row | None) -> list[str]:
    """Return the person who opened the room. Empty if the servers did, or for an old room without that field."""
    owner = None if row is None else row.get("owner")
    return [owner] if isinstance(owner, str) and owner else []


def _players(row: Row | None) -> list[str]:
    """Return the players with a seat."""
    players = None if row is None else row.get("players")
    return [name for name in players.values() if isinstance(name, str) and name] if isinstance(players, Mapping) else []
