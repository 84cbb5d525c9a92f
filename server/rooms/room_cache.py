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

    __slots__ = ("_after", "_forms", "_recent", "state")

    def __init__(self, state: Room) -> None:
        self.state = state
        # The last events up to ``state``, at most ``_RECENT``. Not a ``deque``: an empty one takes as much memory as 64
        # events.
        self._recent: list[Event] = []
        # What readers got at this version: the room in its forms, and the events after a version.
        self._forms: dict[str, object] = {}
        self._after: dict[int, list[Plain]] = {}

    def become(self, state: Room) -> None:
        """Replace the state. ``add_event`` is called next, for each new event."""
        self.state, self._forms, self._after = state, {}, {}

    def add_event(self, event: Event) -> None:
        """Add a published event."""
        self._recent.append(event)
        del self._recent[:-_RECENT]

    def after(self, version: int) -> list[Plain]:
        """Return the cached events after a version. Earlier ones are in the journal. All readers get the same list."""
        events = self._after.get(version)
        if events is None:
            numbered = enumerate(self._recent, self.state.version + 1 - len(self._recent))
            events = self._after[version] = [
                {"version": number, **to_plain(event)} for number, event in numbered if number > version
            ]
        return events

    def form(self, form: str) -> Any:
        """Return the room in one of ``FORMS``. It is made once for each version."""
        made = self._forms.get(form)
        if made is None:
            made = self._forms[form] = FORMS[form](self.state)
        return made


class RoomCache:
    """Rooms by id."""

    def __init__(
        self,
        read: Callable[[str], Room],
        on_loaded: Callable[[Room], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``read`` returns a room's published state from the journal. It may raise Damaged.

        ``on_loaded`` is called with each state that is read into the cache.
        """
        self._read = read
        self._on_loaded = on_loaded
        self._clock = clock
        self.rooms: dict[str, CachedRoom] = {}
        """The rooms in memory."""
        self._touched: dict[str, float] = {}  # when each open room was last used, in memory or not
        self._unvisited: dict[str, None] = {}  # rooms of earlier terms, not yet loaded in this term

    def fill(self, open_rooms: Iterable[str]) -> None:
        """Record the open rooms at the beginning of a term. None of them is in memory."""
        self._touched = dict.fromkeys(open_rooms, self._clock())
        self._unvisited = dict.fromkeys(self._touched)

    def set_open(self, room: str, is_open: bool) -> None:
        """Record that the room is open and was just used, or that it is closed. Then it stays in memory for readers."""
        if is_open:
            self._touched[room] = self._clock()
        else:
            self._touched.pop(room, None)

    def put(self, room: str, state: Room) -> CachedRoom:
        """Store a room's new state, and return the room."""
        held = self.rooms.get(room)
        if held is None:
            held = self.rooms[room] = CachedRoom(state)
        else:
            held.become(state)
        self._touch(room)
        return held

    def of(self, room: str) -> CachedRoom:
        """Return a known room. If it is not in memory, load it. Raises Damaged."""
        held = self.rooms.get(room)
        if held is None:
            held = self.rooms[room] = CachedRoom(self._read(room))
            self._on_loaded(held.state)
        self._touch(room)
        return held

    def load_some(self, most: int) -> None:
        """Load a few rooms that were not loaded in this term. This does not count as use."""
        for room in list(self._unvisited)[:most]:
            del self._unvisited[room]
            touched_at = self._touched.get(room)
            if touched_at is not None and room not in self.rooms:
                # the journal has recorded the damage; the other rooms are loaded all the same
                with contextlib.suppress(Damaged):
                    self.of(room)
                self._touched[room] = touched_at

    def unused(self, longer_than_s: float) -> list[str]:
        """Return the open rooms that were not used for that long."""
        before = self._clock() - longer_than_s
        return [room for room, touched_at in self._touched.items() if touched_at < before]

    def drop(self, rooms_: Iterable[str]) -> int:
        """Remove rooms from memory. Return how many were there."""
        return sum(self.rooms.pop(room, None) is not None for room in rooms_)

    def open_states(self) -> list[Room]:
        """Return the states of all open rooms in memory."""
        return [held.state for held in self.rooms.values() if held.state.phase != "closed"]

    def _touch(self, room: str) -> None:
        if room in self._touched:
            self._touched[room] = self._clock()
