"""The states of all streams that are no rooms': usernames, the volumes of the book, the whole cluster's. Pure.

They are small, so they are all in memory from the start of a term on. The house has one and holds its lock.
"""

from __future__ import annotations

from typing import Any

from game.cluster_state import ClusterState
from game.errors import InvariantBroken
from server.log.archive_stream import first_of_volume, is_volume
from server.log.name_stream import is_name
from server.log.service_stream import THE_SERVICE
from server.log.streams import Streams
from server.rooms.lobby import Row
from server.rooms.name_index import NameIndex

_AS_USUAL = ClusterState()


class StreamStates:
    """The states of these streams as last published. Not safe for threads, but for ``names``."""

    def __init__(self, streams: Streams) -> None:
        self.names = NameIndex()
        self.records = 0
        """How many records the book has."""
        self._streams = streams
        self._states: dict[str, Any] = {}

    def put(self, stream: str, row: Row | None) -> None:
        """The stream's state from now on, as its listing has it."""
        if row is None:
            raise InvariantBroken("nothing but a room comes to an end")
        state = self._streams.kind_of(stream).from_row(row)
        if is_name(stream):
            self.names.put(stream, state)
            return
        self._states[stream] = state
        if is_volume(stream):
            self.records = max(self.records, first_of_volume(stream) - 1 + state.version)

    def state(self, stream: str) -> Any:
        """The state of a stream; None if there is nothing in it."""
        return self.names.state(stream) if is_name(stream) else self._states.get(stream)

    def is_listed_as(self, stream: str, row: Row | None) -> bool:
        """Whether that is what is told of a stream."""
        state = self.state(stream)
        return state is not None and self._streams.kind_of(stream).row(state) == row

    @property
    def service(self) -> ClusterState:
        """What holds for the whole cluster."""
        state: ClusterState = self._states.get(THE_SERVICE, _AS_USUAL)
        return state
