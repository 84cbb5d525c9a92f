"""The kinds of streams, and the state that a stream's rows make. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from game.context import Limits
from game.errors import InvariantBroken
from game.plain_values import is_unicode
from server.log import archive_stream, name_stream, room_stream, service_stream
from server.log.archive_stream import ArchiveStream, is_segment
from server.log.entries import StreamCopy
from server.log.name_stream import NameStream
from server.log.room_stream import RoomStream
from server.log.service_stream import THE_SERVICE, ServiceStream
from server.log.stream_kind import UNREADABLE, State, StreamKind, damaged


def is_stream(name: str) -> bool:
    """Return whether a stream can have that name.

    A name that is not UTF-8 on the disk is no stream name, and cannot be searched for.
    """
    known = name.startswith((room_stream.PREFIX, name_stream.PREFIX)) or is_segment(name) or name == THE_SERVICE
    return known and is_unicode(name)


class Streams:
    """The kinds of streams, with the limits that their decisions need."""

    def __init__(self, limits: Limits) -> None:
        self._rooms = RoomStream(limits)
        self._others: Mapping[str, StreamKind] = {
            name_stream.PREFIX: NameStream(),
            archive_stream.PREFIX: ArchiveStream(),
            service_stream.PREFIX: ServiceStream(),
        }

    def kind_of(self, stream: str) -> StreamKind:
        """Return the kind of a stream, by its name. Raises InvariantBroken for an unknown kind."""
        if stream.startswith(room_stream.PREFIX):
            return self._rooms
        kind = self._others.get(stream.partition("/")[0] + "/")
        if kind is None:
            raise InvariantBroken(f"the stream {stream} has no known kind")
        return kind

    def state_of(self, copy: StreamCopy) -> State:
        """Return the state that a stream's snapshot and later entries make. Raises Damaged when they make none."""
        kind, snapshot = self.kind_of(copy.stream), copy.snapshot
        try:
            if snapshot is None or snapshot.is_lost:
                state, version = kind.initial_state(copy.stream), 0
            else:
                state, version = kind.read_state(snapshot.body), snapshot.version
            for entry in copy.entries:
                if entry.version > version:
                    if entry.version != version + 1 or entry.is_lost:
                        raise damaged(copy.stream)
                    state = kind.evolve(state, kind.read_event(entry.body))
                    version = entry.version
        except UNREADABLE as error:
            raise damaged(copy.stream) from error
        if snapshot is not None and version < snapshot.version:
            raise damaged(copy.stream)
        return state
