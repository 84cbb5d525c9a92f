"""The connection limits of an endpoint: in all, from one host, and before the end of the handshake. Pure counting.

A connection without a finished handshake costs resources, so only a limited number may be in that state. When more
arrive, the oldest of them is closed, if it is at least SILENT_S old: an honest handshake takes milliseconds. TCP stacks
use the same defence against floods of half-open connections. After a takeover all clients connect at once. Then no
connection is old enough, and new ones wait in the listen queue.

This module touches no socket and reads no clock; ``rpc`` applies its results.
"""

from __future__ import annotations

import socket
import threading
from collections import Counter
from dataclasses import dataclass

MOST_SILENT = 512
"""The most connections of one endpoint without a finished handshake."""
SILENT_S = 1.0
"""Seconds after which such a connection can be closed to admit another."""


@dataclass(frozen=True, eq=False)
class ConnectionSlot:
    """A counted connection. ``since``: when it was admitted, in seconds of any monotonic clock."""

    connection: socket.socket
    host: str
    since: float


class ConnectionLimits:
    """Counts the connections of one endpoint. Thread-safe."""

    def __init__(self, *, most: int, most_of_host: int, most_silent: int = MOST_SILENT) -> None:
        self._most = most
        self._most_of_host = most_of_host
        self._most_silent = min(most_silent, most)
        self._lock = threading.Lock()
        self._inside: set[ConnectionSlot] = set()
        """All admitted connections; ``_silent`` is a part of them."""
        self._silent: dict[ConnectionSlot, None] = {}  # in order of arrival
        self._hosts: Counter[str] = Counter()
        """Number of connections of each host in ``_inside``; no count is 0."""

    def is_open(self, now: float) -> bool:
        """Return whether a connection can be admitted or refused now. Otherwise it must wait in the listen queue."""
        with self._lock:
            return len(self._silent) < self._most_silent or self._too_silent(now) is not None

    def enter(
        self, connection: socket.socket, host: str, now: float
    ) -> tuple[ConnectionSlot | None, ConnectionSlot | None]:
        """Count a new connection. Return its slot and the slot to close for it.

        The first is None when a limit is reached. The second is None when no connection must be closed.
        """
        with self._lock:
            tight = len(self._silent) >= self._most_silent or len(self._inside) >= self._most
            goes = self._too_silent(now) if tight else None
            if goes is not None:
                self._forget(goes)
            if len(self._inside) >= self._most or self._hosts[host] >= self._most_of_host:
                return None, goes
            guest = ConnectionSlot(connection, host, now)
            self._inside.add(guest)
            self._silent[guest] = None
            self._hosts[host] += 1
            return guest, goes

    def shaken(self, guest: ConnectionSlot) -> None:
        """Note that the connection's handshake is complete."""
        with self._lock:
            self._silent.pop(guest, None)

    def left(self, guest: ConnectionSlot) -> None:
        """Note that the connection has ended. No error if it was closed for another."""
        with self._lock:
            if guest in self._inside:
                self._forget(guest)

    def __len__(self) -> int:
        """Return the number of connections."""
        return len(self._inside)

    def _too_silent(self, now: float) -> ConnectionSlot | None:
        oldest = next(iter(self._silent), None)
        return oldest if oldest is not None and now - oldest.since >= SILENT_S else None

    def _forget(self, guest: ConnectionSlot) -> None:
        self._inside.discard(guest)
        self._silent.pop(guest, None)
        self._hosts[guest.host] -= 1
        if self._hosts[guest.host] <= 0:
            del self._hosts[guest.host]
