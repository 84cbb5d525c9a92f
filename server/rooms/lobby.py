"""The lobby: a row for each open room, and the changes since a cursor. Pure.

The main server fills a lobby from the log. The communication server keeps a copy of it.

The *revision* of a change is the log position of the entry that made it. Positions stay valid after a takeover, so a
waiting reader continues with the same cursor.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from game.errors import InvalidArgument, check

Row = Mapping[str, object]

KEPT_CLOSINGS = 5000
_LAST = "\U0010ffff"  # sorts after every room id


class LobbyCursor(NamedTuple):
    """How far a reader has read: every change up to ``revision``, and every closing up to ``began``.

    A reader starts with an empty list. So it cannot miss a closing from before its start, however far it has read.
    """

    revision: int
    began: int

    def __str__(self) -> str:
        return f"{self.revision}-{self.began}"


BEGINNING = LobbyCursor(0, 0)


def cursor_from(text: str) -> LobbyCursor:
    """Return the cursor that was sent as ``text``; empty text is the beginning. Raises InvalidArgument."""
    if not text:
        return BEGINNING
    match = re.fullmatch(r"([0-9]{1,18})-([0-9]{1,18})", text)
    if match is None:
        raise InvalidArgument("after must be a cursor that the lobby gave, or empty")
    return LobbyCursor(int(match[1]), int(match[2]))


class LobbyChange(NamedTuple):
    """A change of a room's row. ``row`` is None once the room is closed."""

    revision: int
    room: str
    row: Row | None


@dataclass(frozen=True)
class LobbyChanges:
    """The changes after a cursor, oldest first.

    With ``reset`` the reader must discard its list. With ``more`` there are further changes after ``cursor`` already.
    """

    cursor: LobbyCursor
    changed: Sequence[LobbyChange]
    reset: bool
    more: bool

    def for_clients(self) -> dict[str, object]:
        """Return the changes for clients: new or changed rooms, and the ids of closed rooms. Private rooms' rows are
        left out.
        """
        return {
            "cursor": str(self.cursor),
            "rooms": [change.row for change in self.changed if change.row is not None and not change.row["private"]],
            "gone": [change.room for change in self.changed if change.row is None],
            "reset": self.reset,
            "more": self.more,
        }


class OpenMatches:
    """The running match of each player, from the rows of rooms."""

    def __init__(self) -> None:
        # The players of each running match. ``_rooms_of`` is the reverse, and has no empty tuples.
        self._players: dict[str, tuple[str, ...]] = {}
        self._rooms_of: dict[str, tuple[str, ...]] = {}  # by player, latest last

    def put(self, room: str, row: Row | None) -> None:
        """Record a room's new row, or None once it is closed."""
        goes_on = row is not None and bool(row["match"])
        if goes_on and row is not None and room not in self._players:
            players: Any = row["players"]
            self._players[room] = tuple(players.values())
            for name in self._players[room]:
                self._rooms_of[name] = (*self._rooms_of.get(name, ()), room)
        elif not goes_on:
            for name in self._players.pop(room, ()):
                others = tuple(other for other in self._rooms_of[name] if other != room)
                if others:
                    self._rooms_of[name] = others
                else:
                    del self._rooms_of[name]

    def of(self, name: str) -> str | None:
        """Return the room of a player's running match, or None. With several matches (the
        house bot) it is the latest.
        """
        rooms = self._rooms_of.get(name)
        return rooms[-1] if rooms else None

    def rooms_of(self, name: str) -> list[str]:
        """Return the rooms of all running matches of a player."""
        return list(self._rooms_of.get(name, ()))


class Lobby:
    """Rows by room, in order of revision."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.revision = 0
        # The revision of each room's last change. ``_order`` has the same pairs, sorted.
        self._changed_at: dict[str, int] = {}
        self._order: list[tuple[int, str]] = []
        self._closings: list[tuple[int, str]] = []  # the part of ``_order`` without a row
        # Closings up to this revision may be missing, so an older cursor must start again.
        self._forgotten = 0

    def put(self, change: LobbyChange) -> bool:
        """Apply a change. Return whether it changed anything."""
        known = change.room in self._changed_at
        if known and self.rows.get(change.room) == change.row:
            return False
        if known:
            self._drop_change(change.room)
        if change.row is None:
            self.rows.pop(change.room, None)
        else:
            self.rows[change.room] = change.row
        self._changed_at[change.room] = change.revision
        bisect.insort(self._order, (change.revision, change.room))
        if change.row is None:
            bisect.insort(self._closings, (change.revision, change.room))
        self.revision = max(self.revision, change.revision)
        self._forget_an_old_closing()
        return True

    def fill(self, changes: Sequence[LobbyChange]) -> None:
        """Apply the first changes, one for each room, in order of revision."""
        check(not self._order, "a lobby is filled at the beginning")
        self.rows = {change.room: change.row for change in changes if change.row is not None}
        self._changed_at = {change.room: change.revision for change in changes}
        self._order = [(change.revision, change.room) for change in changes]
        self._closings = [(change.revision, change.room) for change in changes if change.row is None]
        self.revision = changes[-1].revision if changes else 0
        while self._forget_an_old_closing():
            pass

    def complete_up_to(self, revision: int, *, forgotten: int = 0) -> None:
        """Record that all changes up to ``revision`` are applied. Closings up to ``forgotten`` may be missing."""
        self.revision = max(self.revision, revision)
        self._forgotten = max(self._forgotten, forgotten)

    def has_news(self, cursor: LobbyCursor) -> bool:
        """Return whether ``since`` would return anything new."""
        return cursor.revision != self.revision or self._too_old(cursor)

    def since(self, cursor: LobbyCursor, limit: int) -> LobbyChanges:
        """Return about ``limit`` changes after the cursor.

        If the cursor is too old, or not of this log, the result starts at the beginning.
        """
        reset = cursor == BEGINNING or self._too_old(cursor)
        first = 0 if reset else bisect.bisect_right(self._order, (cursor.revision, _LAST))
        began = self.revision if reset else cursor.began
        end = len(self._order)
        if end - first > limit:  # a page, with all changes of its last revision
            end = bisect.bisect_right(self._order, (self._order[first + limit - 1][0], _LAST))
        more = end < len(self._order)
        return LobbyChanges(
            cursor=LobbyCursor(self._order[end - 1][0], began) if more else LobbyCursor(self.revision, self.revision),
            changed=[LobbyChange(revision, room, self.rows.get(room)) for revision, room in self._order[first:end]],
            reset=reset,
            more=more,
        )

    def _too_old(self, cursor: LobbyCursor) -> bool:
        return max(cursor) < self._forgotten or cursor.revision > self.revision

    def _drop_change(self, room: str) -> None:
        change = self._changed_at.pop(room), room
        del self._order[bisect.bisect_left(self._order, change)]
        if room not in self.rows:
            del self._closings[bisect.bisect_left(self._closings, change)]

    def _forget_an_old_closing(self) -> bool:
        if len(self._closings) <= KEPT_CLOSINGS:
            return False
        revision, room = self._closings[0]
        self._drop_change(room)
        self._forgotten = max(self._forgotten, revision)
        return True
