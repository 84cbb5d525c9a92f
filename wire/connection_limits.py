"""Who may connect to an endpoint: how many in all, from one host, and without having said who they are. Pure counting.

Whoever connects and says nothing costs a thread. So only some may be in that state at once, and when more come the one
that has been silent longest makes room, unless it has only just come: an honest handshake takes milliseconds (the
defence of TCP stacks against floods of half-open connections). After a takeover all clients connect anew at once: then
nobody has been silent for long, and the next ones wait outside until the first are through.

No socket is touched and no clock is read here; ``rpc`` does what this says.
"""

from __future__ import annotations

import socket
import threading
from collections import Counter
from dataclasses import dataclass

MOST_SILENT = 512
"""Connections before the end of their handshake that one endpoint keeps."""
SILENT_S = 1.0
"""How long each may be silent before it has to make room for another."""


@dataclass(frozen=True, eq=False)
class ConnectionSlot:
    """One connection: where it is from, and since when (seconds of any monotonic clock)."""

    connection: socket.socket
    host: str
    since: float


class ConnectionLimits:
    """Counts the connections of one endpoint. Safe for threads."""

    def __init__(self, *, most: int, most_of_host: int, most_silent: int = MOST_SILENT) -> None:
        self._most = most
        self._most_of_host = most_of_host
        self._most_silent = min(most_silent, most)
        self._lock = threading.Lock()
        self._inside: set[ConnectionSlot] = set()
        self._silent: dict[ConnectionSlot, None] = {}  # in the order in which they came
        self._hosts: Counter[str] = Counter()

    def is_open(self, now: float) -> bool:
        """Whether somebody can be let in or turned away at this moment; else let them wait outside."""
        with self._lock:
            return len(self._silent) < self._most_silent or self._too_silent(now) is not None

    def enter(
        self, connection: socket.socket, host: str, now: float
    ) -> tuple[ConnectionSlot | None, ConnectionSlot | None]:
        """Somebody connects: the new guest, or None if there is no room; and the silent one who has to go for it."""
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
        """That guest is through its handshake."""
        with self._lock:
            self._silent.pop(guest, None)

    def left(self, guest: ConnectionSlot) -> None:
        """That guest's connection is over; no error if it had to go before."""
        with self._lock:
            if guest in self._inside:
                self._forget(guest)

    def __len__(self) -> int:
        """How many are connected."""
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
