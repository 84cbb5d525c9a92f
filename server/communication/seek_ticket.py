"""Tickets of seeks: with one, a player keeps the place in the queue after a broken connection or a restart.

A ticket has the waiting time and a signature, so the front door stores nothing and a player cannot claim a longer wait.
"""

from __future__ import annotations

import hmac

LONGEST_WAIT_MS = 3_600_000
"""The longest waiting time that a ticket counts for."""


class SeekTickets:
    """Issues and reads tickets."""

    def __init__(self, key: bytes) -> None:
        """``key``: signs tickets. All communication servers of a cluster have the same."""
        self._key = key

    def issue(self, name: str, waited_s: float) -> str:
        """Return a ticket for a player that has waited so long."""
        waited_ms = str(int(waited_s * 1000))
        return f"{waited_ms}-{self._signature(name, waited_ms)}"

    def waited_s(self, name: str, ticket: str) -> float:
        """Return for how long a player has waited, by the ticket; 0.0 if its signature is wrong."""
        waited_ms, _, signature = ticket.partition("-")
        if not hmac.compare_digest(signature.encode(), self._signature(name, waited_ms).encode()):
            return 0.0
        return min(int(waited_ms), LONGEST_WAIT_MS) / 1000.0

    def _signature(self, name: str, waited_ms: str) -> str:
        return hmac.new(self._key, f"{name}\n{waited_ms}".encode(), "sha256").hexdigest()[:32]
