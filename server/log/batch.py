"""What a batch of commands makes on its way through the log: a value that grows until it is written."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from game.moment import Context
from server.log.entries import Entry, StreamSummary
from server.log.remembered_answers import Outcome


class Batch:
    """Each command is decided on the state that those before it leave, all at the moment ``now``. ``events`` are those
    of ``entries``; ``records``: how many of them the book gets.
    """

    __slots__ = ("entries", "events", "listings", "now", "records", "states", "unchanged")

    def __init__(self, now: Context) -> None:
        self.now = now
        self.records = 0
        self.states: dict[str, Any] = {}
        self.entries: list[Entry] = []
        self.events: list[Any] = []
        self.listings: list[StreamSummary] = []
        self.unchanged: dict[Hashable, Outcome] = {}
