"""The events of a room after a version, for callers that follow the room. They come from memory and the journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from game.errors import check
from game.forms.event_codec import to_plain
from server.log.journal.journal import Journal
from server.log.room_stream import room_stream
from server.log.stream_kind import read_event
from server.log.streams import Streams

MOST_EVENTS = 500
"""The most events in an answer."""
ROOM_OF_AN_EVENT = 2000
"""Bytes of an answer that are reserved for each event. An event with the longest names and lines has 1,500."""

Plain = dict[str, Any]


def most_events_of(message_bytes: int) -> int:
    """Return how many events fit into an answer of so many bytes."""
    return min(MOST_EVENTS, message_bytes // ROOM_OF_AN_EVENT)


class EventFeed:
    """Makes the answers to callers that request a room's new events."""

    def __init__(self, streams: Streams, journal: Journal, most_events: int) -> None:
        """Store the parts. ``most_events`` is the limit for one answer."""
        self._streams = streams
        self._journal = journal
        self._most_events = most_events

    def answer(
        self, room: str, version: int, shown: Plain, recent: list[Plain], after_version: int, now: Mapping[str, Any]
    ) -> Plain:
        """Return the events after a version up to ``version``, and the room that they lead to.

        ``shown``: the room in a form, with the form's name. ``recent``: the part of these events that is in memory.
        ``now`` is added to the answer. ``gap`` is true if earlier events are compacted. If not all events fit, the
        first ones are returned, and None for the room.
        """
        if len(recent) != version - after_version:
            recent = self._older(room, after_version, version)
        recent = recent[: self._most_events]
        first = recent[0]["version"] if recent else version + 1
        end = recent[-1]["version"] if recent else version
        check(len(recent) == end + 1 - first, "the events of an answer must have no gaps")
        gap = first != after_version + 1
        result = shown if end == version else dict.fromkeys(shown)
        return {"version": end, "events": recent, **result, "gap": gap, **now}

    def _older(self, room: str, after_version: int, version: int) -> list[Plain]:
        stream = room_stream(room)
        kind = self._streams.kind_of(stream)
        found: list[Plain] = [
            {"version": entry.version, **to_plain(read_event(kind, entry))}
            for entry in self._journal.events(stream, after_version, self._most_events)
            if entry.version <= version
        ]
        for index in range(len(found) - 1, 0, -1):
            if found[index]["version"] != found[index - 1]["version"] + 1:
                return found[index:]
        return found
