"""What is told of rooms without looking into one: the lobby, which are closed, who has a seat, who is in which match.

Kept up to date with the listings of rooms, from the journal at the beginning and from every batch then. Pure. The house
has one and holds its lock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from server.rooms.lobby import Lobby, LobbyChange, LobbyChanges, LobbyCursor, OpenMatches, Row


class RoomIndex:
    """All rooms, open and lately closed, by their rows. Not safe for threads."""

    def __init__(self, known: Callable[[str], None]) -> None:
        """``known`` is called with every room before it is in the list."""
        self._known = known
        self._lobby = Lobby()
        self._matches = OpenMatches()
        self._closed: dict[str, int] = {}
        self._counts: tuple[Counter[str], Counter[str]] | None = None
        """Open rooms by who has opened them, and seats in them by who has them; counted when first asked for."""
        self._stood_up: set[str] = set()

    def __len__(self) -> int:
        """How many rooms are open."""
        return len(self._lobby.rows)

    def __contains__(self, room: str) -> bool:
        """Whether there is such a room, open or not long closed."""
        return room in self._lobby.rows or room in self._closed

    def fill(self, changes: Sequence[LobbyChange]) -> None:
        """Take in all rooms at the beginning, in the order of their revisions."""
        for change in changes:
            self._known(change.room)
            self._matches.put(change.room, change.row)
        self._closed = {change.room: change.revision for change in changes if change.row is None}
        self._lobby.fill(changes)

    def put(self, change: LobbyChange) -> None:
        """Take in a change."""
        if change.room not in self:
            self._known(change.room)
        if change.row is None:
            self._closed[change.room] = change.revision
            self._stood_up |= _seated(self._lobby.rows.get(change.room, {}))
        self._recount(self._lobby.rows.get(change.room), change.row)
        self._matches.put(change.room, change.row)
        self._lobby.put(change)

    def complete_up_to(self, revision: int) -> None:
        """All up to this revision is in."""
        self._lobby.complete_up_to(revision)

    @property
    def revision(self) -> int:
        """The revision of the last change."""
        return self._lobby.revision

    def is_open(self, room: str) -> bool:
        """Whether there is such a room, and it is not closed."""
        return room in self._lobby.rows

    def is_listed_as(self, room: str, row: Row | None) -> bool:
        """Whether that is what is told of a room."""
        return room in self._closed if row is None else self._lobby.rows.get(room) == row

    def has_news(self, after: LobbyCursor) -> bool:
        """Whether ``since`` would say anything new."""
        return self._lobby.has_news(after)

    def since(self, after: LobbyCursor, limit: int) -> LobbyChanges:
        """About ``limit`` changes after a cursor."""
        return self._lobby.since(after, limit)

    def unfinished(self) -> list[str]:
        """Open rooms whose rows say that a game, a series or a selection runs there."""
        rows = self._lobby.rows
        return [room for room, row in rows.items() if row["timed"] or row["phase"] in ("playing", "selecting")]

    def match_of(self, name: str) -> str | None:
        """The room of the match that somebody is in and that goes on, if there is one."""
        return self._matches.of(name)

    def opened_by(self, name: str) -> int:
        """How many open rooms somebody has opened."""
        return self._counted()[0][name]

    def seats_of(self, name: str) -> int:
        """In how many open rooms somebody has a seat."""
        return self._counted()[1][name]

    def _counted(self) -> tuple[Counter[str], Counter[str]]:
        """After a takeover there may be very many rooms: so they are counted when somebody asks, not then."""
        if self._counts is None:
            rows = self._lobby.rows.values()
            self._counts = (
                Counter(name for row in rows for name in _owner(row)),
                Counter(name for row in rows for name in _players(row)),
            )
        return self._counts

    def _recount(self, before: Row | None, after: Row | None) -> None:
        if self._counts is None:
            return
        for counts, who in zip(self._counts, (_owner, _players), strict=True):
            gone, come = who(before), who(after)
            if gone != come:
                for name in gone:
                    counts[name] -= 1
                    if not counts[name]:
                        del counts[name]
                counts.update(come)

    def rows(self) -> list[Row]:
        """The rows of all open rooms."""
        return list(self._lobby.rows.values())

    def stood_up(self) -> set[str]:
        """Whose rooms were closed since this was last asked."""
        names, self._stood_up = self._stood_up, set()
        return names

    def forget_closed(self, *, but: int) -> list[str]:
        """Forget the closed rooms but the latest; which those are."""
        old = sorted(self._closed, key=self._closed.__getitem__)[:-but]
        for room in old:
            self._lobby.complete_up_to(self._lobby.revision, forgotten=self._closed.pop(room))
        return old


def seated_in(rows: Iterable[Row]) -> set[str]:
    """Who has a seat, or has opened the room, by the rows of rooms."""
    return set().union(*map(_seated, rows))


def _seated(row: Row) -> set[str]:
    return {*_owner(row), *_players(row)}


def _owner(row: Row | None) -> list[str]:
    """Who has opened the room: nobody if the servers did, or if that is not known of an old one."""
    owner = None if row is None else row.get("owner")
    return [owner] if isinstance(owner, str) and owner else []


def _players(row: Row | None) -> list[str]:
    """Who has a seat."""
    players = None if row is None else row.get("players")
    return [name for name in players.values() if isinstance(name, str) and name] if isinstance(players, Mapping) else []
