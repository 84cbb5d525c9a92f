"""Moves the tail of the log from the segments into SQLite, in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable

from server.log.journal.journal import Journal
from server.runtime.retries import Retries
from wire.errors import StorageFailed

PAUSE_S = 0.1


def run_filler(journal: Journal, retries: Retries, go_on: Callable[[], bool], pause: Callable[[float], None]) -> None:
    """Fill SQLite until ``go_on()`` is false. ``retries`` stores why it fails, for example on a full disk."""
    while go_on():
        pause(PAUSE_S)  # pause first, so that a takeover is not slowed down
        with retries.attempt(StorageFailed):
            while journal.fill():
                pass
