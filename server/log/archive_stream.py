"""The streams of the game archive: segments of a fixed number of records. Records are numbered from 1 across segments.

Records are never compacted. A segment's version is its number of records.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import Struct

from game.context import Context
from game.errors import check
from game.forms import records
from game.forms.records import RECORDS_OF_A_SEGMENT, Record
from game.plain_values import Form, Whole
from server.log.entries import StreamCopy
from server.log.stream_kind import StreamKind

PREFIX = "book/"


class Segment(Struct, frozen=True):
    """A segment's state: how many records it has."""

    version: Whole


@dataclass(frozen=True, slots=True)
class AddRecord:
    """Add a record to the archive under that number."""

    number: int
    record: Record


def segment_stream(number: int) -> str:
    """Return the segment that has, or will have, the record of that number."""
    return f"{PREFIX}{(number - 1) // RECORDS_OF_A_SEGMENT}"


def is_segment(stream: str) -> bool:
    """Return whether ``stream`` is the name of a segment."""
    return re.fullmatch(r"book/(0|[1-9][0-9]{0,8})", stream) is not None


def first_of_segment(stream: str) -> int:
    """Return the number of the segment's first record."""
    return int(stream[len(PREFIX) :]) * RECORDS_OF_A_SEGMENT + 1


class ArchiveStream(StreamKind):
    """A segment of the game archive. Callers cannot add a record: it is added with the event that ends the game."""

    events = records.RECORDS
    states = Form(Segment)
    keeps_events = True

    def initial_state(self, stream: str) -> Segment:  # noqa: ARG002
        return Segment(0)

    def decide(self, state: Segment, command: AddRecord, now: Context) -> Sequence[Record]:  # noqa: ARG002
        expected = (command.number - 1) % RECORDS_OF_A_SEGMENT
        check(state.version == expected, "records must be numbered in order")
        return (command.record,)

    def evolve(self, state: Segment, event: Record) -> Segment:  # noqa: ARG002
        return Segment(state.version + 1)

    def request(self, command: AddRecord) -> Hashable:
        return command.number

    def answer(self, state: Segment, command: AddRecord) -> Mapping[str, object]:  # noqa: ARG002
        return {"number": command.number}

    def best_known_state(self, copy: StreamCopy) -> Segment:
        """Return the number of records. It is known even when records are damaged, because each has its own row."""
        return Segment(copy.version)
