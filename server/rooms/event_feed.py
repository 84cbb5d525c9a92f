"""The older events of a room, from the journal, and how many events fit into an answer."""

from __future__ import annotations

from typing import Any

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


def older_events(
    streams: Streams, journal: Journal, room: str, after_version: int, version: int, most: int
) -> list[Plain]:
    """Return the events of a room after a version up to ``version``, at most ``most``, from the journal.

    If some of them are compacted, only those after the last missing one are returned.
    """
    stream = room_stream(room)
    kind = streams.kind_of(stream)
    found: list[Plain] = [
        {"version": entry.version, **to_plain(read_event(kind, entry))}
        for entry in journal.events(stream, after_version, most)
        if entry.version <= version
    ]
    for index in range(len(found) - 1, 0, -1):
        if found[index]["version"] != found[index - 1]["version"] + 1:
            return found[index:]
    return found
