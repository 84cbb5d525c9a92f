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
from server.log.row_format import LOST
from server.log.service_stream import THE_SERVICE, ServiceStream
from server.log.stream_kind import UNREADABLE, State, StreamKind, damaged
from wire.errors import Damaged


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
        """Return the state that a stream's snapshot and later entries make. Raises Damaged
        when they do not make one.
        """
        snapshot = copy.snapshot if copy.snapshot is not None and copy.snapshot.body != LOST else None
        if copy.snapshot is not snapshot and not copy.entries:
            raise damaged(copy.stream)
        kind = self.kind_of(copy.stream)
        try:
            state = kind.initial_state(copy.stream) if snapshot is None else kind.read_state(snapshot.body)
            version = 0 if snapshot is None else snapshot.version
            for entry in copy.entries:
                if entry.version > version:
                    if entry.version != version + 1 or entry.body == LOST:
                        raise damaged(copy.stream)
                    state = kind.evolve(state, kind.read_event(entry.body))
                    version = entry.version
        except Damaged:
            raise
        except UNREADABLE as error:
            raise damaged(copy.stream) from error
        if copy.snapshot is not snapshot and copy.snapshot is not None and version < copy.snapshot.version:
            raise damaged(copy.stream)
        return state

    def best_known_state(self, copy: StreamCopy) -> State | None:
        """Return the best known state where rows are damaged; None for a room and a username."""
        return self.kind_of(copy.stream).best_known_state(copy)
