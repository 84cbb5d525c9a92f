"""The rooms in memory: each with its state, last events and what readers get, and the time of its last use.

Idle rooms leave memory and are read from the journal when they are needed. The room store has the only cache.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from game.forms import public_state, views
from game.forms.event_codec import to_plain
from game.rooms.events import Event
from game.rooms.state import Room
from server.log.journal.journal import Journal
from server.log.room_stream import room_stream
from server.log.streams import Streams
from wire.errors import Damaged

Plain = dict[str, Any]

_RECENT = 64

FORMS: Mapping[str, Callable[[Room], object]] = {
    "view": views.view,
    "state": public_state.encode,
    "checksum": public_state.checksum,
}
"""The forms in which an answer can have a room."""


class CachedRoom:
    """A room: its published state, and the data that readers get. Readers must not change that data."""

    __slots__ = ("_after", "_forms", "_of_version", "_recent", "state")

    def __init__(self, state: Room) -> None:
        self.state = state
        # The last events with their versions, at most ``_RECENT``, without gaps.
        self._recent: list[tuple[int, Event]] = []
        # What readers got at version ``_of_version``: the room in its forms, and the events after a version.
        self._of_version = state.version
        self._forms: dict[str, object] = {}
        self._after: dict[int, list[Plain]] = {}

    def add_event(self, version: int, event: Event) -> None:
        """Add a published event."""
        self._recent.append((version, event))
        del self._recent[:-_RECENT]

    def after(self, version: int) -> list[Plain]:
        """Return the cached events after a version. Earlier ones are in the journal. All readers get the same list."""
        self._drop_older()
        events = self._after.get(version)
        if events is None:
            events = self._after[version] = [
                {"version": number, **to_plain(event)} for number, event in self._recent if number > version
            ]
        return events

    def form(self, form: str) -> Any:
        """Return the room in one of ``FORMS``. It is made once for each version."""
        self._drop_older()
        made = self._forms.get(form)
        if made is None:
            made = self._forms[form] = FORMS[form](self.state)
        return made

    def _drop_older(self) -> None:
        if self._of_version != self.state.version:
            self._of_version, self._forms, self._after = self.state.version, {}, {}


class RoomCache:
    """Rooms by id."""

    def __init__(
        self,
        streams: Streams,
        journal: Journal,
        on_loaded: Callable[[Room], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Store the parts. ``on_loaded`` is called with each state that is read from the journal into the cache."""
        self._streams = streams
        self._journal = journal
        self._on_loaded = on_loaded
        self._clock = clock
        self._rooms: dict[str, CachedRoom] = {}
        self._touched: dict[str, float] = {}  # when each open room was last used, in memory or not
        self._unvisited: dict[str, None] = {}  # rooms of earlier terms, not yet loaded in this term

    def __len__(self) -> int:
        """Return how many rooms are in memory."""
        return len(self._rooms)

    def fill(self, open_rooms: Iterable[str]) -> None:
        """Record the open rooms at the beginning of a term. None of them is in memory."""
        self._touched = dict.fromkeys(open_rooms, self._clock())
        self._unvisited = dict.fromkeys(self._touched)

    def open(self, room: str) -> None:
        """Record that the room is open and was just used."""
        self._touched[room] = self._clock()

    def close(self, room: str) -> None:
        """Record that the room is closed. It stays in memory for readers."""
        self._touched.pop(room, None)

    def put(self, room: str, state: Room) -> None:
        """Store a room's new state."""
        held = self._rooms.get(room)
        if held is None:
            self._rooms[room] = CachedRoom(state)
        else:
            held.state = state
        self._touch(room)

    def add_event(self, room: str, version: int, event: Event) -> None:
        """Add a published event to a room in memory."""
        self._rooms[room].add_event(version, event)

    def cached(self, room: str) -> CachedRoom | None:
        """Return the room if it is in memory, else None."""
        return self._rooms.get(room)

    def of(self, room: str, published: int) -> CachedRoom:
        """Return a known room. If it is not in memory, load it as of a position in the log."""
        held = self._rooms.get(room)
        if held is None:
            held = self._rooms[room] = CachedRoom(self.from_journal(room, published))
            self._on_loaded(held.state)
        self._touch(room)
        return held

    def from_journal(self, room: str, published: int) -> Room:
        """Return a room's state as of a position in the log, without adding it to the cache."""
        copy = self._journal.copy(room_stream(room), whole=False).up_to(published)
        state: Room = self._streams.state_of(copy)
        return state

    def load_some(self, most: int, published: int) -> None:
        """Load a few rooms that were not loaded in this term. This does not count as use."""
        for room in list(self._unvisited)[:most]:
            del self._unvisited[room]
            touched_at = self._touched.get(room)
            if touched_at is not None and room not in self._rooms:
                # the journal has recorded the damage; the other rooms are loaded all the same
                with contextlib.suppress(Damaged):
                    self.of(room, published)
                self._touched[room] = touched_at

    def unused(self, longer_than_s: float) -> list[str]:
        """Return the open rooms that were not used for that long."""
        before = self._clock() - longer_than_s
        return [room for room, touched_at in self._touched.items() if touched_at < before]

    def drop(self, rooms_: Iterable[str]) -> int:
        """Remove rooms from memory. Return how many were there."""
        return sum(self._rooms.pop(room, None) is not None for room in rooms_)

    def open_states(self) -> list[Room]:
        """Return the states of all open rooms in memory."""
        return [held.state for held in self._rooms.values() if held.state.phase != "closed"]

    def _touch(self, room: str) -> None:
        if room in self._touched:
            self._touched[room] = self._clock()
