"""All rooms and usernames of the main server as last published: what commands decide on and readers see.

Lives here: states in memory, who waits for them, the lobby fed from them. States change in ``publish`` alone, which
the committer calls with what is committed. Idle rooms leave memory and come back from the journal when asked for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import structlog

from game.cluster_state import ClusterState, told
from game.errors import InvalidArgument, NoSuchRoom
from game.forms.views import LATER_IN_ROWS, talk
from game.moment import Context
from game.rooms.state import Room
from server.log.batch import Batch
from server.log.entries import StreamCopy, StreamSummary
from server.log.journal.journal import Journal
from server.log.room_stream import room_of, room_stream
from server.log.streams import Streams
from server.rooms.archive_reader import ArchiveReader
from server.rooms.event_feed import MOST_EVENTS, EventFeed
from server.rooms.lobby import LobbyChange, LobbyChanges, LobbyCursor, Row
from server.rooms.long_poll import LongPolls
from server.rooms.room_cache import CachedRoom, RoomCache
from server.rooms.room_index import RoomIndex, seated_in
from server.rooms.room_timers import RoomTimers
from server.rooms.service_clock import ServiceClock
from server.rooms.stream_states import StreamStates
from wire.errors import Damaged
from wire.later import Later
from wire.waiting import about_to_wait

logger = structlog.get_logger()


class RoomStore:
    """Rooms, names and lobby. Safe for threads: one lock, never held while waiting, at most while reading one room."""

    def __init__(
        self,
        streams: Streams,
        journal: Journal,
        known: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        time_of_service: ServiceClock | None = None,
        most_events: int = MOST_EVENTS,
        on_published: Callable[[Batch], None] = lambda _: None,
    ) -> None:
        """``known`` is called with every room, before anybody can read of it. ``most_events``: in one answer.
        ``on_published`` is called with everything that was made visible, after that.
        """
        self._on_published = on_published
        self.time = time_of_service or ServiceClock(clock)
        self.due = RoomTimers()
        self._streams = streams
        self._journal = journal
        self._lock = threading.Lock()
        self._known = known
        self._list = RoomIndex(known)
        self._unread: dict[str, None] = {}
        """Streams that could not be read when the term began: what they are now is not known."""
        self._to_list: dict[str, StreamSummary] = {}
        """What was mended since and is not in the lists yet."""
        self._memory = RoomCache(streams, journal, self._came_back, clock)
        self._standing = StreamStates(streams)
        self.names = self._standing.names
        self._book = ArchiveReader(journal)
        self._room_news = EventFeed(streams, journal, most_events)
        self._herald = LongPolls(self.news)
        self._news_to_read = threading.Condition(self._lock)
        self._published = 0
        self._ending = False

    # -- filled from the log --------------------------------------------------------------------------------------

    def load(self) -> list[StreamSummary]:
        """Take in the whole journal; call once, before anybody asks. Returns the listings that the journal lacks."""
        listings = self._journal.listings()
        missing = [made for stream in self._journal.unlisted() if (made := self._listing(stream)) is not None]
        listings = sorted([*listings, *missing], key=lambda listing: listing.position)
        of_rooms = [
            LobbyChange(position, room, row if row is None else {**LATER_IN_ROWS, **row})
            for stream, position, row in listings
            if (room := room_of(stream))
        ]
        with self._lock:
            for listing in listings:
                if room_of(listing.stream) is None:
                    self._standing.put(listing.stream, listing.row)
            self._list.fill(of_rooms)
            self._memory.fill(change.room for change in of_rooms if change.row is not None)
            self.due.unknown([change.room for change in of_rooms if change.row is not None and change.row["timed"]])
            self.time.at_least(self.service.at)
            self._published = self._journal.last.position
            self._list.complete_up_to(self._published)
        return missing

    def _listing(self, stream: str) -> StreamSummary | None:
        """What is told of a stream, made anew from its events; None if these are damaged."""
        return self._listing_of(self._journal.copy(stream, whole=False))

    def _listing_of(self, copy: StreamCopy) -> StreamSummary | None:
        stream = copy.stream
        try:
            state = self._streams.state_of(copy)
        except Damaged as damaged:
            state = self._streams.without_the_damaged(copy)
            logger.error("a stream cannot be read", stream=stream, why=damaged.message, made_up=state is not None)
            if state is None:
                self._unread[stream] = None
                if room := room_of(stream):
                    self._known(room)  # so that callers hear what is wrong with it
                return None
        return StreamSummary(stream, copy.end, self._streams.kind_of(stream).row(state))

    def relist(self, stream: str) -> None:
        """Write a listing that is damaged on the disk again; drop it where there is no such stream. Raises
        StorageFailed.
        """
        self._journal.relist(stream, self._listing_of)

    def mended(self, stream: str) -> None:
        """A stream that was damaged can be read again, unless it is lost. Call with the commit turn held."""
        if stream in self._unread:
            listing = self._listing(stream)
            if listing is not None:
                self._journal.list_streams([listing])
                with self._lock:
                    if room_of(stream) is None:
                        self._put_listing(listing)
                        del self._unread[stream]
                    else:
                        self._to_list[stream] = listing
        room = room_of(stream)
        if room is not None:
            with self._lock:
                self._memory.drop([room])  # it may have been read without its last events
                self._herald.happened_in([room])
            self.due.unknown([room])

    def publish(self, draft: Batch) -> None:
        """Make what is committed visible to everybody, in the order of the log."""
        with self._lock:
            for listing in (*self._late_listings(draft), *draft.listings):
                self._put_listing(listing)
            changed = {room: state for stream, state in draft.states.items() if (room := room_of(stream)) is not None}
            for room_id, state in changed.items():
                self.due.put(room_id, state.due_at)
                self._memory.put(room_id, state)
            for entry, event in zip(draft.entries, draft.events, strict=True):
                room = room_of(entry.stream)
                if room is not None:
                    self._memory.happened(room, entry.version, event)
            self._published = draft.entries[-1].position
            self._herald.happened_in(changed)
        self._on_published(draft)

    def _late_listings(self, draft: Batch) -> list[StreamSummary]:
        """What was mended, as a change at the end of the log: those who follow the lobby have read past its place."""
        if not self._to_list:
            return []
        late = [listing._replace(position=draft.entries[-1].position) for listing in self._to_list.values()]
        for stream in self._to_list:
            self._unread.pop(stream, None)
        self._to_list.clear()
        return late

    def _put_listing(self, listing: StreamSummary) -> None:
        stream, position, row = listing
        room = room_of(stream)
        if room is None:
            self._standing.put(stream, row)
        else:
            self._list.put(LobbyChange(position, room, row))
            if row is None:
                self._memory.close(room)
            else:
                self._memory.open(room)
        self._news_to_read.notify_all()

    # -- read -----------------------------------------------------------------------------------------------------

    @property
    def published(self) -> int:
        """The position in the log up to which everything can be seen."""
        return self._published

    @property
    def lobby_revision(self) -> int:
        """The revision of the last change in the lobby."""
        return self._list.revision

    @property
    def open_rooms(self) -> int:
        """How many rooms are open."""
        return len(self._list)

    @property
    def records(self) -> int:
        """How many records the book has."""
        return self._standing.records

    @property
    def service(self) -> ClusterState:
        """What holds for the whole cluster."""
        return self._standing.service

    @property
    def rooms_in_memory(self) -> int:
        """How many rooms' states are in memory."""
        return len(self._memory)

    @property
    def callers_waiting(self) -> int:
        """How many wait for what happens in a room."""
        return self._herald.waiting

    @property
    def draining(self) -> Mapping[str, object] | None:
        """What everybody is told while the cluster is being emptied, else None."""
        return told(self.service)

    def moment(self) -> Context:
        """This moment, as commands are decided in it."""
        return self.time.moment(draining=self.service.draining)

    def unfinished(self) -> list[str]:
        """Open rooms whose rows say that a game, a series or a selection runs there."""
        with self._lock:
            return self._list.unfinished()

    def seated(self) -> set[str]:
        """Who has a seat in a room that is open, or has opened one that is."""
        with self._lock:
            rows = self._list.rows()
        return seated_in(rows)  # may be many

    def stood_up(self) -> set[str]:
        """Whose rooms were closed since this was last asked."""
        with self._lock:
            return self._list.stood_up()

    def match_of(self, name: str) -> str | None:
        """The room of the match that somebody is in and that goes on, if there is one."""
        return self._list.match_of(name)

    def opened_by(self, names: Iterable[str]) -> int:
        """How many open rooms these have opened."""
        with self._lock:
            return sum(self._list.opened_by(name) for name in names)

    def seats_of(self, name: str) -> int:
        """In how many open rooms somebody has a seat."""
        with self._lock:
            return self._list.seats_of(name)

    def is_open(self, room: str) -> bool:
        """Whether there is such a room, and it is not closed; of one that cannot be read it is not known that it is."""
        return self._list.is_open(room) or room_stream(room) in self._unread

    def is_listed_as(self, stream: str, row: Row | None) -> bool:
        """Whether that is what is told of a stream, as last published."""
        room = room_of(stream)
        return self._standing.is_listed_as(stream, row) if room is None else self._list.is_listed_as(room, row)

    def state_of(self, stream: str) -> Any:
        """The published state of a stream; of an unknown one the state before its first event. Raises Damaged."""
        room = room_of(stream)
        state = self.at_hand(stream)
        if state is not None:
            return state
        if stream in self._unread:
            return self._read_at_last(stream)
        if room is None:
            return self._streams.kind_of(stream).nothing(stream)
        return self._memory.from_journal(room, self._published)

    def at_hand(self, stream: str) -> Any:
        """The published state of a stream that is in memory; else None."""
        room = room_of(stream)
        if room is None:
            return self._standing.state(stream)
        held = self._memory.at_hand(room)
        return None if held is None else held.state

    def view(self, room: str) -> dict[str, Any]:
        """The view of a room, what was last said there, the service time, and whether the cluster is being emptied.

        Raises NoSuchRoom.
        """
        with self._lock:
            held = self._room(room)
            return {**held.view(), "talk": talk(held.state), **self._now()}

    def room(self, room: str) -> Room:
        """The published state of a room. Raises NoSuchRoom."""
        with self._lock:
            return self._room(room).state

    def wait(self, room: str, after_version: int, timeout_s: float) -> dict[str, Any] | Later:
        """What happened in a room after a version: at once if there is something, else when it happens.

        After ``timeout_s`` without news the answer has no events. Raises NoSuchRoom, and InvalidArgument for a version
        that the room does not have.
        """
        if timeout_s > 0:
            with self._lock:
                if self._seen(room, after_version).state.version == after_version:
                    return self._herald.wait(room, after_version, timeout_s)
        return self.news(room, after_version)

    def news(self, room: str, after_version: int) -> dict[str, Any]:
        """What happened in a room after a version, maybe nothing. Raises as ``wait`` does."""
        with self._lock:
            held = self._seen(room, after_version)
            view, recent = held.view(), held.after(after_version)
        return self._room_news.told(room, view, recent, after_version, self._now())

    def _now(self) -> dict[str, object]:
        """What everybody is told who looks at a room: the service time, and whether the cluster is being emptied."""
        return {"at": self.time.now(), "draining": self.draining}

    def records_after(self, number: int, limit: int, timeout_s: float) -> dict[str, Any]:
        """The records after that one, at most ``limit`` and as many as fit into an answer, and how many there are: at
        once if there are any, else when there are, or after ``timeout_s``.
        """
        with self._lock:
            if self._standing.records <= number and timeout_s > 0:
                about_to_wait()
                self._news_to_read.wait_for(lambda: self._standing.records > number or self._ending, timeout_s)
            count = self._standing.records
        records = self._book.after(number, limit, count)
        return {"count": count, "records": records, "mended": self._mended_so_far()}

    def _mended_so_far(self) -> tuple[int, int]:
        """Changes when more records may have become readable: after a repair, or in a new term on another journal."""
        return self._journal.office.epoch, self._journal.damage.mended

    def records_numbered(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """The records of these numbers, as plain data. Raises NoSuchGame if one is not there."""
        return self._book.numbered(numbers, self._standing.records)

    def lobby_changes(self, after: LobbyCursor, limit: int, timeout_s: float) -> LobbyChanges:
        """What changed in the lobby after a cursor: at once if there is something, else when it happens."""
        with self._lock:
            if not self._list.has_news(after):
                about_to_wait()
                self._news_to_read.wait_for(lambda: self._list.has_news(after) or self._ending, timeout_s)
            return self._list.since(after, limit)

    def end(self) -> None:
        """Answer everybody who waits."""
        with self._lock:
            self._ending = True
            self._news_to_read.notify_all()
        self._herald.end()

    # -- memory ---------------------------------------------------------------------------------------------------

    def idle(self, longer_than_s: float) -> list[str]:
        """Open rooms that nobody has touched for that long and nobody waits for."""
        with self._lock:
            untouched = self._memory.untouched(longer_than_s)
        return [room for room in untouched if not self._herald.waits_in(room)]

    def let_go(self, rooms_: Sequence[str]) -> int:
        """Drop these rooms from memory, unless somebody waits for them by now; how many were there and went."""
        with self._lock:
            return self._memory.drop(room for room in rooms_ if not self._herald.waits_in(room))

    def visit(self, most: int) -> None:
        """Take some rooms into memory that were not in this term, so that what time asks for is done there as well."""
        with self._lock:
            self._memory.visit(most, self._published)

    def in_memory(self) -> list[Room]:
        """The states of all open rooms in memory."""
        with self._lock:
            return self._memory.open_states()

    def forget_closed(self, *, but: int) -> list[str]:
        """Forget the closed rooms but the latest; the streams of those forgotten, to be dropped from the journal."""
        with self._lock:
            old = self._list.forget_closed(but=but)
            self._memory.drop(old)
        return [room_stream(room) for room in old]

    # -- inside, the lock is held ---------------------------------------------------------------------------------

    def _seen(self, room: str, version: int) -> CachedRoom:
        """A room that somebody has seen up to a version."""
        held = self._room(room)
        if version > held.state.version:
            raise InvalidArgument(f"after_version is {version}, but the room has version {held.state.version}")
        return held

    def _room(self, room: str) -> CachedRoom:
        """The room, brought back to memory if need be."""
        if room not in self._list:
            if room_stream(room) not in self._unread:
                raise NoSuchRoom("there is no such room (any more)")
            self._read_at_last(room_stream(room))
        return self._memory.of(room, self._published)

    def _read_at_last(self, stream: str) -> Any:
        """The state of a stream that could not be read at first. Raises Damaged if it still cannot."""
        return self._streams.state_of(self._journal.copy(stream, whole=False).up_to(self._published))

    def _came_back(self, state: Room) -> None:
        self.time.at_least(state.at)
        self.due.put(state.id, state.due_at)
