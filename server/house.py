"""All rooms and usernames of the main server as last published: what commands decide on and readers see.

Lives here: states in memory, who waits for them, the lobby fed from them. States change in ``publish`` alone, which
the committer calls with what is committed. Idle rooms leave memory and come back from the journal when asked for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from game import names, rooms
from game.errors import InvalidArgument, NoSuchRoom
from game.moment import Moment
from game.room import Room
from game.service import Service, told
from game.views import LATER_IN_ROWS
from server.book import Book
from server.draft import Draft
from server.due import DueRooms
from server.entries import Listing
from server.herald import Herald
from server.journal import Journal
from server.lobby import Change, Changes, Cursor, Lobby, OpenMatches, Row
from server.room_news import MOST_EVENTS, RoomNews
from server.service_time import ServiceTime
from server.standing import Standing
from server.streams import Streams, name_stream, room_of, room_stream
from wire.later import Later
from wire.waiting import about_to_wait

LOOKED_AT_ONCE = 200
"""Names of which is worked out in one go what they look like."""
_RECENT = 64


class _Table:
    """A room in memory: its state, and the last events ready for the wire."""

    __slots__ = ("recent", "state", "view")

    def __init__(self, state: Any) -> None:
        self.state = state
        self.recent: list[dict[str, Any]] = []
        self.view: dict[str, Any] | None = None


class House:
    """Rooms, names and lobby. Safe for threads: one lock, never held while waiting, at most while reading one room."""

    def __init__(
        self,
        streams: Streams,
        journal: Journal,
        known: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        time_of_service: ServiceTime | None = None,
        most_events: int = MOST_EVENTS,
    ) -> None:
        """``known`` is called with every room, before anybody can read of it. ``most_events``: in one answer."""
        self.time = time_of_service or ServiceTime(clock)
        self.due = DueRooms()
        self._known = known
        self._clock = clock
        self._streams = streams
        self._journal = journal
        self._lock = threading.Lock()
        self._tables: dict[str, _Table] = {}
        self._standing = Standing(streams)
        self._book = Book(journal)
        self._room_news = RoomNews(streams, journal, most_events)
        self._stood_up: set[str] = set()
        self._open: dict[str, float] = {}  # when it was last touched
        self._matches = OpenMatches()
        self._closed: dict[str, int] = {}
        self._unvisited: dict[str, None] = {}  # open rooms of earlier terms that were not in memory in this one yet
        self._lobby = Lobby()
        self._lobby_news = threading.Condition(self._lock)
        self._herald = Herald(self.news)
        self._published = 0
        self._ending = False

    # -- filled from the log --------------------------------------------------------------------------------------

    def load(self) -> None:
        """Take in the whole journal; call once, before anybody asks."""
        missing = [self._listing(stream) for stream in self._journal.unlisted()]
        if missing:
            self._journal.list_streams(missing)
        listings = self._journal.listings()
        of_rooms = [
            Change(position, room, row if row is None else {**LATER_IN_ROWS, **row})
            for stream, position, row in listings
            if (room := room_of(stream))
        ]
        now = self._clock()
        with self._lock:
            for listing in listings:
                if room_of(listing.stream) is None:
                    self._list(listing)
            self._open = {change.room: now for change in of_rooms if change.row is not None}
            for change in of_rooms:
                self._matches.put(change.room, change.row)
            self._closed = {change.room: change.revision for change in of_rooms if change.row is None}
            for change in of_rooms:
                self._known(change.room)
            self._lobby.fill(of_rooms)
            self._unvisited = dict.fromkeys(self._open)
            self.due.unknown([change.room for change in of_rooms if change.row is not None and change.row["timed"]])
            self.time.at_least(self.service.at)
            self._published = self._journal.last.position
            self._lobby.complete_up_to(self._published)

    def _listing(self, stream: str) -> Listing:
        copy = self._journal.copy(stream, whole=False)
        return Listing(stream, copy.end, self._streams.kind_of(stream).row(self._streams.state_of(copy)))

    def is_listed_as(self, stream: str, row: Row | None) -> bool:
        """Whether that is what is told of a stream, as last published."""
        room = room_of(stream)
        if room is None:
            return self._standing.is_listed_as(stream, row)
        return room in self._closed if row is None else self._lobby.rows.get(room) == row

    def publish(self, draft: Draft) -> None:
        """Make what is committed visible to everybody, in the order of the log."""
        with self._lock:
            for listing in draft.listings:
                self._list(listing)
            changed = [(room, stream) for stream in draft.states if (room := room_of(stream)) is not None]
            for room, stream in changed:
                self._put(room, stream, draft.states[stream])
            for entry, event in zip(draft.entries, draft.events, strict=True):
                if room_of(entry.stream) is not None:
                    recent = self._tables[entry.stream].recent
                    recent.append({"version": entry.version, **rooms.to_plain(event)})
                    del recent[:-_RECENT]
            self._published = draft.entries[-1].position
            self._herald.happened_in(room for room, _ in changed)

    def _list(self, listing: Listing) -> None:
        stream, position, row = listing
        room = room_of(stream)
        if room is None:
            self._standing.put(stream, row)
            self._lobby_news.notify_all()
            return
        if room not in self._open and room not in self._closed:
            self._known(room)
        if row is None:
            self._open.pop(room, None)
            self._closed[room] = position
            self._stood_up |= _seated(self._lobby.rows.get(room))
        else:
            self._open[room] = self._clock()
        self._matches.put(room, row)
        self._lobby.put(Change(position, room, row))
        self._lobby_news.notify_all()

    def _put(self, room: str, stream: str, state: Any) -> None:
        self.due.put(room, state.due_at)
        table = self._tables.get(stream)
        if table is None:
            self._tables[stream] = _Table(state)
        else:
            table.state = state
        if room in self._open:
            self._open[room] = self._clock()

    # -- read -----------------------------------------------------------------------------------------------------

    @property
    def published(self) -> int:
        """The position in the log up to which everything can be seen."""
        return self._published

    @property
    def lobby_revision(self) -> int:
        """The revision of the last change in the lobby."""
        return self._lobby.revision

    @property
    def open_rooms(self) -> int:
        """How many rooms are open."""
        return len(self._open)

    @property
    def names(self) -> int:
        """How many usernames are somebody's."""
        return self._standing.names.held

    @property
    def records(self) -> int:
        """How many records the book has."""
        return self._standing.records

    @property
    def service(self) -> Service:
        """What holds for the whole cluster."""
        return self._standing.service

    @property
    def rooms_in_memory(self) -> int:
        """How many rooms' states are in memory."""
        return len(self._tables)

    @property
    def callers_waiting(self) -> int:
        """How many wait for what happens in a room."""
        return self._herald.waiting

    @property
    def names_ever(self) -> int:
        """How many usernames are remembered, also those that are free again."""
        return len(self._standing.names.names)

    @property
    def draining(self) -> Mapping[str, object] | None:
        """What everybody is told while the cluster is being emptied, else None."""
        return told(self.service)

    def moment(self) -> Moment:
        """This moment, as commands are decided in it."""
        return self.time.moment(draining=self.service.draining)

    def unfinished(self) -> list[str]:
        """Open rooms whose rows say that a game, a series or a selection runs there."""
        with self._lock:
            rows = self._lobby.rows
            return [room for room, row in rows.items() if row["timed"] or row["phase"] in ("playing", "selecting")]

    def name_with(self, token_hash: str) -> str | None:
        """The username that belongs to a token, by the token's hash."""
        return self._standing.names.name_with(token_hash)

    def held_names(self) -> list[str]:
        """The usernames that are somebody's."""
        with self._lock:
            known = list(self._standing.names.names.values())
        return [name.name for name in known if name.held]

    def resembling(self, name: str) -> str | None:
        """Somebody's username that looks like this one and is not the same, if there is one."""
        while True:
            with self._lock:  # not for long: after a takeover there may be thousands to look at
                if not self._standing.names.look_at_some(LOOKED_AT_ONCE):
                    return self._standing.names.resembling(name_stream(names.name_key(name)), name)

    def seated(self) -> set[str]:
        """Who has a seat in a room that is open, or has opened one that is."""
        with self._lock:
            rows = list(self._lobby.rows.values())
        return set().union(*map(_seated, rows))

    def stood_up(self) -> set[str]:
        """Whose rooms were closed since this was last asked."""
        with self._lock:
            names_, self._stood_up = self._stood_up, set()
        return names_

    def match_of(self, name: str) -> str | None:
        """The room of the match that somebody is in and that goes on, if there is one."""
        return self._matches.of(name)

    def is_open(self, room: str) -> bool:
        """Whether there is such a room, and it is not closed."""
        return room in self._open

    def state_of(self, stream: str) -> Any:
        """The published state of a stream; of an unknown one the state before its first event."""
        if room_of(stream) is None:
            state = self._standing.state(stream)
            return self._streams.kind_of(stream).nothing(stream) if state is None else state
        table = self._tables.get(stream)
        return self._from_journal(stream) if table is None else table.state

    def at_hand(self, stream: str) -> Any:
        """The published state of a stream that is in memory; else None."""
        table = self._tables.get(stream)
        return self._standing.state(stream) if table is None else table.state

    def view(self, room: str) -> dict[str, Any]:
        """The view of a room, what was last said there, the service time, and whether the cluster is being emptied.

        Raises NoSuchRoom.
        """
        with self._lock:
            table = self._table(room)
            return {**self._view(table), "talk": rooms.talk(table.state), **self._now()}

    def room(self, room: str) -> Room:
        """The published state of a room. Raises NoSuchRoom."""
        with self._lock:
            state: Room = self._table(room).state
        return state

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
            table = self._seen(room, after_version)
            view = self._view(table)
            recent = [event for event in table.recent if event["version"] > after_version]
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
                self._lobby_news.wait_for(lambda: self._standing.records > number or self._ending, timeout_s)
            count = self._standing.records
        return {"count": count, "records": self._book.after(number, limit, count)}

    def records_numbered(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """The records of these numbers, as plain data. Raises NoSuchGame if one is not there."""
        return self._book.numbered(numbers, self._standing.records)

    def lobby_changes(self, after: Cursor, limit: int, timeout_s: float) -> Changes:
        """What changed in the lobby after a cursor: at once if there is something, else when it happens."""
        with self._lock:
            if not self._lobby.has_news(after):
                about_to_wait()
                self._lobby_news.wait_for(lambda: self._lobby.has_news(after) or self._ending, timeout_s)
            return self._lobby.since(after, limit)

    def end(self) -> None:
        """Answer everybody who waits."""
        with self._lock:
            self._ending = True
            self._lobby_news.notify_all()
        self._herald.end()

    # -- memory ---------------------------------------------------------------------------------------------------

    def idle(self, longer_than_s: float) -> list[str]:
        """Open rooms that nobody has touched for that long and nobody waits for."""
        before = self._clock() - longer_than_s
        with self._lock:
            untouched = [room for room, touched_at in self._open.items() if touched_at < before]
        return [room for room in untouched if not self._herald.waits_in(room)]

    def let_go(self, rooms_: Sequence[str]) -> int:
        """Drop these rooms from memory, unless somebody waits for them by now; how many were there and went."""
        with self._lock:
            held = len(self._tables)
            for room in rooms_:
                if not self._herald.waits_in(room):
                    self._tables.pop(room_stream(room), None)
            return held - len(self._tables)

    def visit(self, most: int) -> None:
        """Take some rooms into memory that were not in this term, so that what time asks for is done there as well."""
        with self._lock:
            for room in list(self._unvisited)[:most]:
                del self._unvisited[room]
                if room in self._open and room_stream(room) not in self._tables:
                    touched_at = self._open[room]
                    self._table(room)
                    self._open[room] = touched_at

    def in_memory(self) -> list[Any]:
        """The states of all open rooms in memory."""
        with self._lock:
            return [table.state for table in self._tables.values() if table.state.phase != "closed"]

    def forget_closed(self, *, but: int) -> list[str]:
        """Forget the closed rooms but the latest; the streams of those forgotten, to be dropped from the journal."""
        with self._lock:
            old = sorted(self._closed, key=self._closed.__getitem__)[:-but]
            for room in old:
                self._lobby.complete_up_to(self._lobby.revision, forgotten=self._closed.pop(room))
                self._tables.pop(room_stream(room), None)
        return [room_stream(room) for room in old]

    # -- inside ---------------------------------------------------------------------------------------------------

    def _seen(self, room: str, version: int) -> _Table:
        """The table of a room that somebody has seen up to a version. The lock is held."""
        table = self._table(room)
        if version > table.state.version:
            raise InvalidArgument(f"after_version is {version}, but the room has version {table.state.version}")
        return table

    def _table(self, room: str) -> _Table:
        """The room's table, brought back to memory if need be. The lock is held."""
        stream = room_stream(room)
        table = self._tables.get(stream)
        if table is None:
            if room not in self._open and room not in self._closed:
                raise NoSuchRoom("there is no such room (any more)")
            table = self._tables[stream] = _Table(self._from_journal(stream))
            self.time.at_least(table.state.at)
            self.due.put(room, table.state.due_at)
        if room in self._open:
            self._open[room] = self._clock()
        return table

    def _from_journal(self, stream: str) -> Any:
        return self._streams.state_of(self._journal.copy(stream, whole=False).up_to(self._published))

    def _view(self, table: _Table) -> dict[str, Any]:
        """The view, made once for all who ask at this version."""
        view = table.view
        if view is None or view["version"] != table.state.version:
            view = rooms.view(table.state)
            table.view = view
        return view


def _seated(row: Row | None) -> set[str]:
    """Who has a seat and whose room it is, by a room's row in the lobby."""
    if row is None or not isinstance(players := row["players"], Mapping):
        return set()
    return {name for name in (row["owner"], *players.values()) if isinstance(name, str) and name}
