"""The connection limits of an endpoint: in all, from one host, and before the end of the handshake. Pure counting.

A connection without a finished handshake is *half-open*. It costs resources, so their number is limited. When more
arrive, the oldest is closed, if it is at least HALF_OPEN_S old: an honest handshake takes milliseconds. TCP stacks use
the same defence against floods of half-open connections. After a takeover all clients connect at once. Then no
connection is old enough, and new ones wait in the listen queue.

This module touches no socket and reads no clock; ``rpc`` applies its results. One thread changes the counts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

MOST_HALF_OPEN = 512
"""The most half-open connections of one endpoint."""
HALF_OPEN_S = 1.0
"""Seconds after which such a connection can be closed to admit another."""


@dataclass(frozen=True, eq=False)
class ConnectionSlot:
    """A counted connection. ``since``: when it was admitted, in seconds of any monotonic clock."""

    host: str
    since: float


class ConnectionLimits:
    """Counts the connections of one endpoint. Any thread may read their number."""

    def __init__(self, *, most: int, most_of_host: int, most_half_open: int = MOST_HALF_OPEN) -> None:
        self._most = most
        self._most_of_host = most_of_host
        self._most_half_open = min(most_half_open, most)
        self._admitted: set[ConnectionSlot] = set()
        """All admitted connections; ``_half_open`` is a part of them."""
        self._half_open: dict[ConnectionSlot, None] = {}  # in order of arrival
        self._hosts: Counter[str] = Counter()
        """Number of connections of each host in ``_admitted``; no count is 0."""

    def is_open(self, now: float) -> bool:
        """Return whether a connection can be admitted or refused now. Otherwise it must wait in the listen queue."""
        return len(self._half_open) < self._most_half_open or self._overdue(now) is not None

    def admit(self, host: str, now: float) -> tuple[ConnectionSlot | None, ConnectionSlot | None]:
        """Count a new connection. Return its slot and the slot whose connection must be closed for it.

        The first is None when a limit is reached. The second is None when no connection must be closed.
        """
        is_full = len(self._half_open) >= self._most_half_open or len(self._admitted) >= self._most
        evicted = self._overdue(now) if is_full else None
        if evicted is not None:
            self._forget(evicted)
        if len(self._admitted) >= self._most or self._hosts[host] >= self._most_of_host:
            return None, evicted
        slot = ConnectionSlot(host, now)
        self._admitted.add(slot)
        self._half_open[slot] = None
        self._hosts[host] += 1
        return slot, evicted

    def handshake_done(self, slot: ConnectionSlot) -> None:
        """Note that the connection's handshake is complete."""
        self._half_open.pop(slot, None)

    def release(self, slot: ConnectionSlot) -> None:
        """Note that the connection has ended. No error if it was closed for another."""
        if slot in self._admitted:
            self._forget(slot)

    def __len__(self) -> int:
        """Return the number of connections."""
        return len(self._admitted)

    def _overdue(self, now: float) -> ConnectionSlot | None:
        oldest = next(iter(self._half_open), None)
        return oldest if oldest is not None and now - oldest.since >= HALF_OPEN_S else None

    def _forget(self, slot: ConnectionSlot) -> None:
        self._admitted.discard(slot)
        self._half_open.pop(slot, None)
        self._hosts[slot.host] -= 1
        if self._hosts[slot.host] <= 0:
            del self._hosts[slot.host]
