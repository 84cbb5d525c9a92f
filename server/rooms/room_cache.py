"""The rooms whose states are in memory: each with its last events and its view, and when it was last touched.

Idle ones leave and come back from the journal when asked for. The house has one and holds its lock.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from typing import Any

from game.forms import views
from game.forms.event_codec import to_plain
from game.rooms.events import Event
from game.rooms.state import Room
from server.log.journal.journal import Journal
from server.log.room_stream import room_stream
from server.log.streams import Streams
from wire.errors import Damaged

Plain = dict[str, Any]

_RECENT = 64


class CachedRoom:
    """A room: its published state, and what those who look into it are told."""

    __slots__ = ("_recent", "_view", "state")

    def __init__(self, state: Room) -> None:
        self.state = state
        self._recent: list[tuple[int, Event]] = []
        self._view: Plain | None = None

    def happened(self, version: int, event: Event) -> None:
        """One more event is published."""
        self._recent.append((version, event))
        del self._recent[:-_RECENT]

    def after(self, version: int) -> list[Plain]:
        """The last events that came after a version; those before them are in the journal."""
        return [{"version": number, **to_plain(event)} for number, event in self._recent if number > version]

    def view(self) -> Plain:
        """The view, made once for all who ask at this version."""
        view = self._view
        if view is None or view["version"] != self.state.version:
            view = self._view = views.view(self.state)
        return view


class RoomCache:
    """Rooms by id. Not safe for threads."""

    def __init__(
        self,
        streams: Streams,
        journal: Journal,
        came_back: Callable[[Room], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``came_back`` is told of every state that was read from the journal to stay in memory."""
        self._streams = streams
        self._journal = journal
        self._came_back = came_back
        self._clock = clock
        self._rooms: dict[str, CachedRoom] = {}
        self._touched: dict[str, float] = {}  # open rooms, also those that are not in memory
        self._unvisited: dict[str, None] = {}  # of earlier terms, not in memory in this one yet

    def __len__(self) -> int:
        """How many are in memory."""
        return len(self._rooms)

    def fill(self, open_rooms: Iterable[str]) -> None:
        """There are these open rooms, none of them in memory, at the beginning of a term."""
        self._touched = dict.fromkeys(open_rooms, self._clock())
        self._unvisited = dict.fromkeys(self._touched)

    def open(self, room: str) -> None:
        """The room is open, and somebody did something there."""
        self._touched[room] = self._clock()

    def close(self, room: str) -> None:
        """The room is closed; it stays in memory for those who still look."""
        self._touched.pop(room, None)

    def put(self, room: str, state: Room) -> None:
        """The room has this state now."""
        held = self._rooms.get(room)
        if held is None:
            self._rooms[room] = CachedRoom(state)
        else:
            held.state = state
        self._touch(room)

    def happened(self, room: str, version: int, event: Event) -> None:
        """One more event is published of a room in memory."""
        self._rooms[room].happened(version, event)

    def at_hand(self, room: str) -> CachedRoom | None:
        """The room if it is in memory."""
        return self._rooms.get(room)

    def of(self, room: str, published: int) -> CachedRoom:
        """A room that is known, brought back to memory if need be, as of a position in the log."""
        held = self._rooms.get(room)
        if held is None:
            held = self._rooms[room] = CachedRoom(self.from_journal(room, published))
            self._came_back(held.state)
        self._touch(room)
        return held

    def from_journal(self, room: str, published: int) -> Room:
        """The state as of a position in the log; it does not stay in memory."""
        copy = self._journal.copy(room_stream(room), whole=False).up_to(published)
        state: Room = self._streams.state_of(copy)
        return state

    def visit(self, most: int, published: int) -> None:
        """Take some rooms into memory that were not in this term; that does not count as touching them."""
        for room in list(self._unvisited)[:most]:
            del self._unvisited[room]
            touched_at = self._touched.get(room)
            if touched_at is not None and room not in self._rooms:
                with contextlib.suppress(Damaged):  # it is noticed in the journal; others are looked into all the same
                    self.of(room, published)
                self._touched[room] = touched_at

    def untouched(self, longer_than_s: float) -> list[str]:
        """Open rooms that nobody has touched for that long."""
        before = self._clock() - longer_than_s
        return [room for room, touched_at in self._touched.items() if touched_at < before]

    def drop(self, rooms_: Iterable[str]) -> int:
        """Let these leave memory; how many were there."""
        return sum(self._rooms.pop(room, None) is not None for room in rooms_)

    def open_states(self) -> list[Room]:
        """The states of all open rooms in memory."""
        return [held.state for held in self._rooms.values() if held.state.phase != "closed"]

    def _touch(self, room: str) -> None:
        if room in self._touched:
            self._touched[room] = self._clock()
