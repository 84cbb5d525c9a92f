"""Reads the published records of the game archive, as plain data, by number across all segments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.json import decode

from game.errors import NoSuchGame
from server.log.archive_stream import first_of_segment, segment_stream
from server.log.entries import Entry
from server.log.journal.journal import Journal
from server.log.row_format import LOST
from server.rooms.stream_states import StreamStates
from wire.errors import Damaged

MOST_BYTES = 1 << 15
"""About the most bytes of records in an answer: half of the smallest message limit that the settings allow."""
KEPT = 200
"""The latest records that stay in memory. The front door follows the archive, so they are read at once."""


class ArchiveReader:
    """Reads records: the latest from memory, all others from the journal."""

    def __init__(self, journal: Journal, states: StreamStates) -> None:
        self._journal = journal
        self._states = states
        self._latest: dict[int, str] = {}  # the bodies of the last published records by number, the oldest first

    def add(self, entry: Entry) -> None:
        """Keep a published record. ``entry`` is in a segment of the archive."""
        self._latest[first_of_segment(entry.stream) + entry.version - 1] = entry.body
        if len(self._latest) > KEPT:
            del self._latest[next(iter(self._latest))]

    def forget(self) -> None:
        """Read all records from the journal again, because some were repaired or lost."""
        self._latest.clear()

    def records_after(self, number: int, limit: int) -> dict[str, Any]:
        """Return the records after a number, and how many records there are.

        There are at most ``limit`` records, and as many as fit into an answer, but at least one if there is any. In
        place of a damaged record the result has the decoded body ``LOST``.
        """
        count = self._states.records
        found: list[dict[str, Any]] = []
        left = MOST_BYTES
        for following in range(number + 1, min(number + limit, count) + 1):
            body = self._body(following)
            left -= len(body.encode())
            if left < 0 and found:
                break
            found.append(decode(body))
        # Changes when more records may be readable: after a repair, or in a new term with another journal.
        mended = self._journal.epoch.number, self._journal.damage.mended
        return {"count": count, "records": found, "mended": mended}

    def records_numbered(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """Return the records of these numbers. Raises NoSuchGame if one is missing, Damaged if one cannot be read."""
        bodies = [self._body(number) for number in numbers]
        if LOST in bodies:
            raise Damaged("the record of that game is damaged; the servers repair it if the other copy has it")
        return [decode(body) for body in bodies]

    def _body(self, number: int) -> str:
        latest = self._latest.get(number)
        if latest is not None:
            return latest
        stream = segment_stream(number)
        version = number - first_of_segment(stream) + 1
        entries = self._journal.events(stream, version - 1, 1) if 0 < number <= self._states.records else []
        if not entries:
            raise NoSuchGame("there is no game with that number")
        return entries[0].body if entries[0].version == version else LOST
