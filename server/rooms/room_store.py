"""All rooms and usernames of the main server as last published: commands are decided on them and readers see them.

Lives here: the states in memory, the callers that wait for them, and the lobby made from them. Commands
change states only in ``publish``: ``commit`` calls it with each committed batch. Idle rooms leave memory and are read
from the journal when they are needed.
"""

from __future__ import annotations

import itertools
import operator
import time
from collections.abc import Callable, Sequence
from typing import Any

from game.cluster_state import ClusterState, drain_notice
from game.context import Context
from game.errors import InvalidArgument, NoSuchRoom, check
from game.forms.views import talk, with_later_fields
from game.rooms.state import Room
from server.log.archive_stream import is_segment
from server.log.batch import Batch
from server.log.entries import StreamSummary
from server.log.journal.journal import Journal
from server.log.room_stream import room_of, room_stream
from server.log.streams import Streams
from server.log.unread_streams import UnreadStreams
from server.rooms import event_feed
from server.rooms.archive_reader import ArchiveReader
from server.rooms.event_feed import MOST_EVENTS
from server.rooms.followers import Followers
from server.rooms.lobby import LobbyChange, LobbyCursor, Row
from server.rooms.long_poll import LongPolls
from server.rooms.room_cache import CachedRoom, RoomCache
from server.rooms.room_index import RoomIndex
from server.rooms.room_timers import RoomTimers
from server.rooms.service_clock import ServiceClock
from server.rooms.stream_states import StreamStates
from server.runtime.timers import Timers
from wire.later import Later

_LOBBY, _ARCHIVE = "lobby", "archive"
UNWRITTEN_AT_ONCE = 100
"""Summaries made again that one batch writes beside its own. More would delay the commands of the batch."""
_BY_POSITION = operator.attrgetter("position")


class RoomStore:
    """Rooms, usernames and lobby. They belong to the event loop's thread."""

    def __init__(
        self,
        streams: Streams,
        journal: Journal,
        timers: Timers,
        clock: Callable[[], float] = time.monotonic,
        service_clock: ServiceClock | None = None,
        most_events: int = MOST_EVENTS,
        on_published: Callable[[Batch], None] = lambda _: None,
    ) -> None:
        """Make an empty store; ``load`` fills it.

        ``on_published`` is called with each batch after it became visible. ``most_events`` is the limit for one answer.
        """
        self._on_published = on_published
        self.service_clock = service_clock or ServiceClock(clock)
        self.timers = RoomTimers()
        self._streams = streams
        self._journal = journal
        self._most_events = most_events
        self._unread = UnreadStreams(streams, journal)
        # Rows that were made again and are not in the journal: their summaries were missing, or their streams damaged.
        # Readers of the lobby may have read past their positions. So a row counts as changed by the batch that writes
        # it.
        self._unwritten: dict[str, Row | None] = {}
        self._followers = Followers(self._news_of, timers, clock)
        self.index = RoomIndex()
        self.cache = RoomCache(lambda room: self._read(room_stream(room)), self._on_loaded, clock)
        self.states = StreamStates(streams)
        self.names = self.states.names
        self.archive = ArchiveReader(journal, self.states)
        self.long_polls = LongPolls(lambda room, after: self.news(room, *after), timers, clock)
        self.published = 0
        """The log position up to which entries are visible. It never falls."""

    # -- filled from the log --------------------------------------------------------------------------------------

    def load(self) -> None:
        """Load the summaries of all streams. Make those again that the journal lacks.

        Call once, before the first read. A room's events are read from the journal when they are needed.
        """
        summaries, damaged = self._journal.summaries()
        lacking = (*self._journal.missing_summaries(), *damaged)
        missing = [made for stream in lacking if (made := self._unread.summary(stream)) is not None]
        self._unwritten = {summary.stream: summary.row for summary in missing}
        summaries = sorted([*summaries, *missing], key=_BY_POSITION)
        of_rooms = []
        for stream, position, row in summaries:
            room = room_of(stream)
            if room is None:
                self.states.put(stream, row)
            else:
                of_rooms.append(LobbyChange(position, room, row and with_later_fields(row)))
        self.index.fill(of_rooms)
        self.cache.fill(self.index.rows)
        self.timers.add_unknown([room for room, row in self.index.rows.items() if row["timed"]])
        self.service_clock.at_least(self.service.at)
        self.published = self._journal.last.position
        self.index.complete_up_to(self.published, forgotten=self._journal.forgotten_at)

    def reload(self, stream: str) -> None:
        """Reload a stream that was damaged and is now repaired or lost. The caller holds the commit lock."""
        summary = self._unread.summary(stream)
        if summary is not None and not self.is_listed_as(stream, summary.row):
            self._put_summary(summary._replace(position=self.published))
            self._unwritten[stream] = summary.row
        self.archive.forget()
        room = room_of(stream)
        if room is not None:
            self.cache.drop([room])  # the cached state may lack its last events
            self.long_polls.notify([room])
            self.timers.add_unknown([room])

    def publish(self, batch: Batch) -> None:
        """Make a committed batch visible to all readers. Must not fail.

        Batches must come in the order of the log.
        """
        for summary in sorted(batch.summaries, key=_BY_POSITION):
            self._put_summary(summary)
            self._unwritten.pop(summary.stream, None)
        changed: dict[str, CachedRoom] = {}
        for stream, state in batch.states.items():
            room = room_of(stream)
            if room is not None:
                self.timers.put(room, state.due_at)
                changed[stream] = self.cache.put(room, state)
        for entry, event in zip(batch.entries, batch.events, strict=True):
            held = changed.get(entry.stream)
            if held is not None:
                held.add_event(event)
            elif is_segment(entry.stream):
                self.archive.add(entry)
        self.published = batch.entries[-1].position
        self.long_polls.notify([held.state.id for held in changed.values()])
        self._on_published(batch)

    def _put_summary(self, summary: StreamSummary) -> None:
        stream, position, row = summary
        room = room_of(stream)
        if room is None:
            self.states.put(stream, row)
            if is_segment(stream):
                self._followers.notify(_ARCHIVE)
            return
        before = self.index.rows.get(room)
        self.index.put(LobbyChange(position, room, row))
        self.cache.set_open(room, row is not None)
        if row is None or before is None or before["match"] != row["match"]:
            self._followers.hurry(_LOBBY)  # the front door decides by open rooms and by running matches
        else:
            self._followers.notify(_LOBBY)

    # -- read -----------------------------------------------------------------------------------------------------

    @property
    def service(self) -> ClusterState:
        """The state of the whole cluster."""
        return self.states.service

    def context(self) -> Context:
        """Return the present moment, for the decision of commands."""
        return self.service_clock.context(draining=self.service.draining)

    def has(self, room: str) -> bool:
        """Return whether the room exists: open, or closed and not yet forgotten, or not readable."""
        return room in self.index or room_stream(room) in self._unread

    def is_open(self, room: str) -> bool:
        """Return whether the room exists and is not closed. A room that cannot be read counts as open."""
        return room in self.index.rows or room_stream(room) in self._unread

    def is_listed_as(self, stream: str, row: Row | None) -> bool:
        """Return whether ``row`` is the row of a stream's last published summary."""
        room = room_of(stream)
        return self.states.is_listed_as(stream, row) if room is None else self.index.is_listed_as(room, row)

    def unwritten(self) -> list[tuple[str, Row | None]]:
        """Return at most ``UNWRITTEN_AT_ONCE`` streams with rows that the journal lacks, for the next batch."""
        return list(itertools.islice(self._unwritten.items(), UNWRITTEN_AT_ONCE))

    def state_of(self, stream: str) -> Any:
        """Return the published state of a stream. Raises Damaged.

        For an unknown stream, return the state before its first event.
        """
        state = self.cached(stream)
        if state is not None:
            return state
        if room_of(stream) is not None or stream in self._unread:
            return self._read(stream)
        return self._streams.kind_of(stream).initial_state(stream)

    def cached(self, stream: str) -> Any:
        """Return the published state of a stream if it is in memory, else None."""
        room = room_of(stream)
        if room is None:
            return self.states.state(stream)
        held = self.cache.rooms.get(room)
        return None if held is None else held.state

    def _read(self, stream: str) -> Any:
        """Return the published state of a stream from the journal. Raises Damaged."""
        return self._streams.state_of(self._journal.copy(stream, whole=False).up_to(self.published))

    def view(self, room: str, form: str = "view") -> dict[str, Any]:
        """Return a room's view with its latest chat, or the room in another of ``FORMS``.

        The answer also has the service time, and whether the cluster drains. Raises NoSuchRoom.
        """
        held = self._room(room)
        if form == "view":
            return {**held.form(form), "talk": talk(held.state), **self._common()}
        return {"version": held.state.version, form: held.form(form), **self._common()}

    def room(self, room: str) -> Room:
        """Return the published state of a room. Raises NoSuchRoom."""
        return self._room(room).state

    def wait(self, room: str, after_version: int, timeout_s: float, form: str = "view") -> dict[str, Any] | Later:
        """Return a room's events after a version, or a ``Later`` for them if there are none yet.

        ``form``: in which of ``FORMS`` the answer has the room. After ``timeout_s`` without news the answer has no
        events. Raises NoSuchRoom, and InvalidArgument for a version that the room does not have.
        """
        if timeout_s > 0 and self._room_at(room, after_version).state.version == after_version:
            return self.long_polls.wait(room, (after_version, form), timeout_s)
        return self.news(room, after_version, form)

    def news(self, room: str, after_version: int, form: str = "view") -> dict[str, Any]:
        """Return a room's events after a version, and the room that they lead to. Raises the same errors as ``wait``.

        ``gap`` in the answer: earlier events are compacted. If not all events fit, the answer has the first ones, and
        None for the room.
        """
        held = self._room_at(room, after_version)
        version, events = held.state.version, held.after(after_version)
        if len(events) != version - after_version:
            events = event_feed.older_events(
                self._streams, self._journal, room, after_version, version, self._most_events
            )
        events = events[: self._most_events]
        first, end = (events[0]["version"], events[-1]["version"]) if events else (version + 1, version)
        check(len(events) == end + 1 - first, "the events of an answer must have no gaps")
        shown = held.form(form) if end == version else None
        return {"version": end, "events": events, form: shown, "gap": first != after_version + 1, **self._common()}

    def _common(self) -> dict[str, object]:
        """Return what every reader of a room gets: the service time, and whether the cluster drains."""
        return {"at": self.service_clock.now(), "draining": drain_notice(self.service)}

    def wait_lobby_changes(self, after: LobbyCursor, limit: int, timeout_s: float) -> dict[str, Any] | Later:
        """Return the lobby's changes after a cursor. Without any, wait for some, or for the end of ``timeout_s``."""
        if timeout_s <= 0:
            return self._news_of(_LOBBY, (after, limit))
        return self._followers.wait(_LOBBY, (after, limit), timeout_s, has_news=self.index.has_news(after))

    def wait_records_after(self, number: int, limit: int, timeout_s: float) -> dict[str, Any] | Later:
        """Return the records after a number. Without any, wait for some, or for the end of ``timeout_s``."""
        if timeout_s <= 0:
            return self._news_of(_ARCHIVE, (number, limit))
        return self._followers.wait(_ARCHIVE, (number, limit), timeout_s, has_news=self.states.records > number)

    def _news_of(self, followed: str, asked: Any) -> dict[str, Any]:
        if followed == _ARCHIVE:
            return self.archive.records_after(*asked)
        return {**vars(self.index.since(*asked)), "draining": drain_notice(self.service)}

    def end(self) -> None:
        """Answer all waiting callers."""
        self._followers.end()
        self.long_polls.end()

    # -- memory ---------------------------------------------------------------------------------------------------

    def idle_rooms(self, longer_than_s: float) -> list[str]:
        """Return the open rooms that were not used for that long and in which no caller waits."""
        untouched = self.cache.unused(longer_than_s)
        return [room for room in untouched if not self.long_polls.has_waiter(room)]

    def evict(self, rooms_: Sequence[str]) -> int:
        """Drop these rooms from memory, except those in which a caller waits by now. Return how many were dropped."""
        return self.cache.drop(room for room in rooms_ if not self.long_polls.has_waiter(room))

    def forget_closed(self, *, but: int) -> list[str]:
        """Forget all closed rooms except the latest ``but``. Return their streams, to delete from the journal."""
        old = self.index.forget_closed(but=but)
        self.cache.drop(old)
        return [room_stream(room) for room in old]

    # -- inside ---------------------------------------------------------------------------------------------------

    def _room_at(self, room: str, version: int) -> CachedRoom:
        """Return a room of which a caller has the events up to a version."""
        held = self._room(room)
        if version > held.state.version:
            raise InvalidArgument(f"after_version is {version}, but the room has version {held.state.version}")
        return held

    def _room(self, room: str) -> CachedRoom:
        """Return the room, loaded into memory if necessary. Raises NoSuchRoom, and Damaged if it cannot be read."""
        if not self.has(room):
            raise NoSuchRoom("there is no such room (any more)")
        return self.cache.of(room)

    def _on_loaded(self, state: Room) -> None:
        self.service_clock.at_least(state.at)
        self.timers.put(state.id, state.due_at)
