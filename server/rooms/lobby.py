"""The lobby: a row for each open room, and the changes since a cursor. Pure.

The main server fills a lobby from the log. The communication server keeps a copy of it.

The *revision* of a change is the log position of the entry that made it. Positions stay valid after a takeover, so a
waiting reader continues with the same cursor.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeGuard

from game.errors import InvalidArgument, check
from server.rooms.reverse_index import ReverseIndex

Row = Mapping[str, object]


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


class Lobby:
    """Rows by room, and the running match of each player. Changes come in order of revision."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.matches = ReverseIndex(players_of_match)
        self.revision = 0
        # The revision of each room's last change, and of the closings among them, in order of revision.
        self._changed_at: dict[str, int] = {}
        self._closed_at: dict[str, int] = {}
        # Closings up to this revision may be missing, so an older cursor must start again.
        self._forgotten = 0

    def put(self, change: LobbyChange) -> None:
        """Apply a change."""
        revision, room, row = change
        before = self.rows.get(room)
        for at in (self._changed_at, self._closed_at):
            at.pop(room, None)
        self._changed_at[room] = revision
        if row is None:
            self.rows.pop(room, None)
            self._closed_at[room] = revision
        else:
            self.rows[room] = row
        self.matches.put(room, before, row)
        self.revision = max(self.revision, revision)

    def fill(self, changes: Sequence[LobbyChange]) -> None:
        """Apply the first changes, one for each room, in order of revision."""
        check(not self._changed_at, "a lobby is filled at the beginning")
        self.rows = {change.room: change.row for change in changes if change.row is not None}
        self._changed_at = {change.room: change.revision for change in changes}
        self._closed_at = {change.room: change.revision for change in changes if change.row is None}
        self.matches = ReverseIndex(players_of_match, self.rows)
        self.revision = changes[-1].revision if changes else 0

    def forget_closed(self, *, but: int) -> list[str]:
        """Forget all closed rooms except the latest ``but``. Return the forgotten rooms."""
        old = list(self._closed_at)[: max(0, len(self._closed_at) - but)]
        for room in old:
            del self._changed_at[room]
            self._forgotten = max(self._forgotten, self._closed_at.pop(room))
        return old

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
        rooms, revisions = list(self._changed_at), list(self._changed_at.values())
        first = 0 if reset else bisect.bisect_right(revisions, cursor.revision)
        began = self.revision if reset else cursor.began
        end = len(rooms)
        if end - first > limit:  # a page, with all changes of its last revision
            end = bisect.bisect_right(revisions, revisions[first + limit - 1])
        more = end < len(rooms)
        return LobbyChanges(
            cursor=LobbyCursor(revisions[end - 1], began) if more else LobbyCursor(self.revision, self.revision),
            changed=[LobbyChange(revisions[at], rooms[at], self.rows.get(rooms[at])) for at in range(first, end)],
            reset=reset,
            more=more,
        )

    def _too_old(self, cursor: LobbyCursor) -> bool:
        return max(cursor) < self._forgotten or cursor.revision > self.revision


def owner(row: Row) -> Iterable[str]:
    """Return the room's owner. Empty for a room of the servers, and for an old room without that field."""
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
