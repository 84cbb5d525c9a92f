"""When time itself brings something in a room: whose clock runs down next, where lots are drawn. No clock in here.

The rooms of earlier terms are not in memory when a term begins: those that their rows call timed are looked into first.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterable

SPARE = 1000
"""So many times that count no more may wait in the heap for their turn; and as many as there are rooms."""


class RoomTimers:
    """Rooms by the service time at which something is due there. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []
        self._unknown: list[str] = []

    def __len__(self) -> int:
        """In how many rooms time will bring something."""
        return len(self._due) + len(self._unknown)

    def unknown(self, rooms: Iterable[str]) -> None:
        """In these rooms something will be due; when, they have to be asked."""
        with self._lock:
            self._unknown += rooms

    def take_unknown(self, most: int) -> list[str]:
        """Rooms that have to be asked."""
        with self._lock:
            taken, self._unknown = self._unknown[:most], self._unknown[most:]
        return taken

    def put(self, room: str, due_at: int | None) -> None:
        """Something is due there at that service time, and not when it was before; or nothing is."""
        with self._lock:
            if due_at is None:
                self._due.pop(room, None)
            elif self._due.get(room) != due_at:
                self._due[room] = due_at
                heapq.heappush(self._heap, (due_at, room))
                if len(self._heap) > 2 * len(self._due) + SPARE:  # every move of a long game leaves one
                    self._heap = [(at, one) for one, at in self._due.items()]
                    heapq.heapify(self._heap)

    def by(self, at: int) -> list[str]:
        """Where something is due by then, earliest first."""
        found = []
        with self._lock:
            while self._heap and self._heap[0][0] <= at:
                due_at, room = heapq.heappop(self._heap)
                if self._due.get(room) == due_at:
                    del self._due[room]  # what is done about it says when something is due there next
                    found.append(room)
        return found
