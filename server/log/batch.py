"""A batch: the effects of several commands, collected until they are appended together."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from game.context import Context
from server.log.entries import Entry, StreamSummary
from server.log.remembered_answers import Outcome


class Batch:
    """What the commands of a batch produce.

    Each command is decided on the state after the commands before it, at the moment ``now``.
    """

    __slots__ = ("before", "entries", "events", "now", "records", "states", "summaries", "unchanged")

    def __init__(self, now: Context) -> None:
        self.now = now
        # How many records the batch adds to the game archive.
        self.records = 0
        # The states before and after the batch, of each stream that it changes.
        self.before: dict[str, Any] = {}
        self.states: dict[str, Any] = {}
        self.entries: list[Entry] = []
        # ``events[i]`` is the event in ``entries[i]``.
        self.events: list[Any] = []
        self.summaries: list[StreamSummary] = []
        # Outcomes that no stream remembers, by request; see ``remembered_answers``.
        self.unchanged: dict[Hashable, Outcome] = {}
