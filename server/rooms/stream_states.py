"""The states of all streams except rooms: usernames, segments of the game archive, the whole cluster. Pure.

They are small, so all of them are in memory from the start of a term. The room store has the only instance.
"""

from __future__ import annotations

from typing import Any

from game.cluster_state import AT_FIRST, ClusterState
from game.errors import InvariantBroken
from server.log.archive_stream import first_of_segment, is_segment
from server.log.name_stream import is_name
from server.log.service_stream import THE_SERVICE
from server.log.streams import Streams
from server.rooms.lobby import Row
from server.rooms.name_index import NameIndex


class StreamStates:
    """The last published states of these streams."""

    def __init__(self, streams: Streams) -> None:
        self.names = NameIndex()
        self.records = 0
        """How many records the game archive has."""
        self._streams = streams
        self._states: dict[str, Any] = {}

    def put(self, stream: str, row: Row | None) -> None:
        """Store a stream's new state, from the row of its summary."""
        if row is None:
            raise InvariantBroken(f"{stream} has no row, but only rooms can be closed")
        state = self._streams.kind_of(stream).decode(row)
        if is_name(stream):
            self.names.put(stream, state)
            return
        self._states[stream] = state
        if is_segment(stream):
            self.records = max(self.records, first_of_segment(stream) - 1 + state.version)

    def state(self, stream: str) -> Any:
        """Return the state of a stream, or None if it has no events."""
        return self.names.state(stream) if is_name(stream) else self._states.get(stream)

    def is_listed_as(self, stream: str, row: Row | None) -> bool:
        """Return whether ``row`` is the row of a stream's present summary."""
        state = self.state(stream)
        return state is not None and self._streams.kind_of(stream).row(state) == row

    @property
    def service(self) -> ClusterState:
        """The state of the whole cluster."""
        state: ClusterState = self._states.get(THE_SERVICE, AT_FIRST)
        return state
