"""The timers of rooms: at which service time a room needs a command, for example because a flag falls. No clock here.

Rooms of earlier terms are not in memory when a term begins. Those with ``timed`` in their rows are loaded first.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

SPARE = 1000
"""Outdated heap items that are allowed in addition to as many as there are rooms with a timer."""


class RoomTimers:
    """Rooms by the service time at which their timer is due."""

    def __init__(self) -> None:
        # The valid timer of each room. A heap item counts only if it equals the room's timer here.
        self._due: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []
        # Rooms with a timer that is unknown until the room is loaded.
        self._unknown: list[str] = []

    def __len__(self) -> int:
        """Return how many rooms have a timer."""
        return len(self._due) + len(self._unknown)

    def add_unknown(self, rooms: Iterable[str]) -> None:
        """Add rooms that have a timer. Its date is unknown until the room is loaded."""
        self._unknown += rooms

    def take_unknown(self, most: int) -> list[str]:
        """Remove and return at most ``most`` rooms that must be loaded."""
        taken, self._unknown = self._unknown[:most], self._unknown[most:]
        return taken

    def put(self, room: str, due_at: int | None) -> None:
        """Replace a room's timer; ``due_at`` is in service time. None removes it."""
        if due_at is None:
            self._due.pop(room, None)
        elif self._due.get(room) != due_at:
            self._due[room] = due_at
            heapq.heappush(self._heap, (due_at, room))
            if len(self._heap) > 2 * len(self._due) + SPARE:  # every move of a long game leaves an outdated item
                self._heap = [(at, one) for one, at in self._due.items()]
                heapq.heapify(self._heap)

    def take_due(self, at: int) -> list[str]:
        """Remove and return the rooms with a timer due by ``at``, earliest first."""
        found = []
        while self._heap and self._heap[0][0] <= at:
            due_at, room = heapq.heappop(self._heap)
            if self._due.get(room) == due_at:
                del self._due[room]  # the command that follows sets the next timer
                found.append(room)
        return found
