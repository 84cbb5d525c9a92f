"""The kinds of streams in the log behind one shape: rooms and usernames, here; the volumes of the book of records and
what holds for the whole cluster, in ``standing_streams``. Pure.

``commit`` and ``compaction`` know streams only by this: what a command decides, how an event changes a state, what
the answer to a request is, and how events and states are written. Another kind of stream is another class.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Protocol

from game.accounts import name_events, names
from game.errors import InvariantBroken, TicTacToeError
from game.forms import event_codec as event_forms
from game.forms import records, views
from game.forms import snapshot_codec as snapshots
from game.forms.records import NameFreed, Record
from game.moment import Limits, Moment
from game.rooms import decide as decisions
from game.rooms import dedup as requests
from game.rooms import evolve as evolution
from game.rooms import state as room
from game.rooms.events import Finished
from server.log.entries import Entry, StreamCopy
from server.log.row_format import LOST
from server.log.standing_streams import SERVICE, THE_SERVICE, VOLUME, ServiceStream, Volume, Volumes, is_volume
from wire.errors import Damaged

State = Any
Event = Any
Command = Any

_ROOM = "room/"
_NAME = "name/"


def room_stream(room_id: str) -> str:
    """The stream of a room's events."""
    return _ROOM + room_id


def name_stream(key: str) -> str:
    """The stream of a username's events, by ``names.name_key``."""
    return _NAME + key


def is_stream(name: str) -> bool:
    """Whether a stream can have that name. What is no UTF-8 on the disk is none, nor can it be looked for."""
    if any("\ud800" <= character <= "\udfff" for character in name):
        return False
    return name.startswith((_ROOM, _NAME)) or is_volume(name) or name == THE_SERVICE


def is_name(stream: str) -> bool:
    """Whether it is a username's stream."""
    return stream.startswith(_NAME)


def room_of(stream: str) -> str | None:
    """The room whose stream it is, or None if it is of another kind."""
    return stream[len(_ROOM) :] if stream.startswith(_ROOM) else None


class Kind(Protocol):
    """What a kind of stream has to say."""

    def nothing(self, stream: str) -> State:
        """The state before the first event."""

    def request(self, command: Command) -> Hashable:
        """What a command has in common with its retries, and with nothing else in the stream; None if what came of it
        need not be remembered where it changed nothing.
        """

    def answered(self, state: State, command: Command) -> Mapping[str, object] | None:
        """The first answer to this request if it was carried out before, else None."""

    def answer(self, state: State, command: Command) -> Mapping[str, object]:
        """The answer to a request that was just carried out, or that changed nothing."""

    def forgotten(self, before: State, after: State) -> Mapping[Hashable, Mapping[str, object]]:
        """The requests with their first answers that the state before remembered and the one after does not."""

    def decide(self, state: State, command: Command, now: Moment) -> Sequence[Event]:
        """The events that the command makes. Raises a Refusal."""

    def evolve(self, state: State, event: Event) -> State:
        """The state after an event."""

    def record(self, before: State, event: Event, after: State) -> Record | None:
        """What an event between two states puts into the book of records, if anything."""

    def row(self, state: State) -> Mapping[str, object] | None:
        """What is told of the stream without its state; see ``entries.Listing``. Of what JSON knows."""

    def from_row(self, row: Mapping[str, Any]) -> State:
        """The state, if the row is all of it, as with every kind but rooms."""

    @property
    def keeps_events(self) -> bool:
        """Whether its events are kept for ever, and not compacted into its state."""

    def write_event(self, event: Event) -> str:
        """The event as JSON text."""

    def read_event(self, body: str) -> Event:
        """The event that was written so."""

    def write_state(self, state: State) -> str:
        """The state as JSON text."""

    def read_state(self, body: str) -> State:
        """The state that was written so."""


class _Rooms:
    keeps_events = False

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def nothing(self, stream: str) -> State:
        return room.nothing(stream[len(_ROOM) :])

    def request(self, command: Command) -> Hashable:
        return command.by, command.request_id

    def answered(self, state: State, command: Command) -> Mapping[str, object] | None:
        answer = room.answer_to(state, command.by, command.request_id)
        return None if answer is None else {"version": answer.version, "seat": answer.seat}

    def forgotten(self, before: State, after: State) -> Mapping[Hashable, Mapping[str, object]]:
        lost = requests.forgotten(before.requests, after.requests)
        return {request: {"version": answer.version, "seat": answer.seat} for request, answer in lost.items()}

    def answer(self, state: State, command: Command) -> Mapping[str, object]:
        answer = room.answer_now(state, command.by)
        return {"version": answer.version, "seat": answer.seat}

    def decide(self, state: State, command: Command, now: Moment) -> Sequence[Event]:
        return decisions.decide(state, command, now, self._limits)

    def evolve(self, state: State, event: Event) -> State:
        return evolution.evolve(state, event)

    def row(self, state: State) -> Mapping[str, object] | None:
        return None if state.phase == "closed" else views.summary(state)

    def from_row(self, row: Mapping[str, Any]) -> State:  # noqa: ARG002
        raise InvariantBroken("a room is more than its row")

    def record(self, before: State, event: Event, after: State) -> Record | None:  # noqa: ARG002
        counts = isinstance(event, Finished) and event.termination != "aborted"
        return records.record_of(after) if counts else None

    def write_event(self, event: Event) -> str:
        return _json(event_forms.to_plain(event))

    def read_event(self, body: str) -> Event:
        return event_forms.from_plain(json.loads(body))

    def write_state(self, state: State) -> str:
        return _json(snapshots.encode(state))

    def read_state(self, body: str) -> State:
        return snapshots.decode(json.loads(body))


class _Names:
    keeps_events = False

    def nothing(self, stream: str) -> State:  # noqa: ARG002  # the shape of a Kind
        return names.NOBODY

    def request(self, command: Command) -> Hashable:  # noqa: ARG002
        return None  # a name that is somebody's today is free another day; ``names`` itself sees to late copies

    def answered(self, state: State, command: Command) -> Mapping[str, object] | None:  # noqa: ARG002
        return None  # whatever is asked again changes nothing and answers the same

    def forgotten(self, before: State, after: State) -> Mapping[Hashable, Mapping[str, object]]:  # noqa: ARG002
        return {}

    def answer(self, state: State, command: Command) -> Mapping[str, object]:  # noqa: ARG002
        return {"name": state.name}

    def decide(self, state: State, command: Command, now: Moment) -> Sequence[Event]:  # noqa: ARG002
        return names.decide(state, command)

    def evolve(self, state: State, event: Event) -> State:
        return names.evolve(state, event)

    def row(self, state: State) -> Mapping[str, object] | None:
        return names.encode(state)

    def from_row(self, row: Mapping[str, Any]) -> State:
        return names.decode(row)

    def record(self, before: State, event: Event, after: State) -> Record | None:  # noqa: ARG002
        return NameFreed(before.name) if isinstance(event, name_events.Released) else None

    def write_event(self, event: Event) -> str:
        return _json(name_events.to_plain(event))

    def read_event(self, body: str) -> Event:
        return name_events.from_plain(json.loads(body))

    def write_state(self, state: State) -> str:
        return _json(names.encode(state))

    def read_state(self, body: str) -> State:
        return names.decode(json.loads(body))


class Streams:
    """The kinds of streams there are, with the limits that their decisions need."""

    def __init__(self, limits: Limits) -> None:
        self._rooms: Kind = _Rooms(limits)
        self._others: Mapping[str, Kind] = {_NAME: _Names(), VOLUME: Volumes(), SERVICE: ServiceStream()}

    def kind_of(self, stream: str) -> Kind:
        """The kind of a stream, told by its name."""
        if stream.startswith(_ROOM):
            return self._rooms
        kind = self._others.get(stream.partition("/")[0] + "/")
        if kind is None:
            raise InvariantBroken(f"{stream} is no stream of a kind that there is")
        return kind

    def state_of(self, copy: StreamCopy) -> State:
        """The state that a stream's snapshot and the entries after it make. Raises Damaged when they do not."""
        snapshot = copy.snapshot if copy.snapshot is not None and copy.snapshot.body != LOST else None
        if copy.snapshot is not snapshot and not copy.entries:
            raise _damaged(copy.stream)
        kind = self.kind_of(copy.stream)
        try:
            state = kind.nothing(copy.stream) if snapshot is None else kind.read_state(snapshot.body)
            version = 0 if snapshot is None else snapshot.version
            for entry in copy.entries:
                if entry.version > version:
                    if entry.version != version + 1 or entry.body == LOST:
                        raise _damaged(copy.stream)
                    state = kind.evolve(state, kind.read_event(entry.body))
                    version = entry.version
        except Damaged:
            raise
        except (TicTacToeError, LookupError, TypeError, ValueError, RecursionError) as error:
            raise _damaged(copy.stream) from error
        if copy.snapshot is not snapshot and copy.snapshot is not None and version < copy.snapshot.version:
            raise _damaged(copy.stream)
        return state

    def without_the_damaged(self, copy: StreamCopy) -> State:
        """The state as far as it can be told where rows are damaged. None for a room and a username: of them anything
        but the whole state would be a wrong one. A volume's is how many records it has, and of what holds for the
        whole cluster the last event has all.
        """
        if is_volume(copy.stream):
            return Volume(copy.version)
        if copy.stream != THE_SERVICE:
            return None
        kind = self.kind_of(copy.stream)
        snapshot = copy.snapshot if copy.snapshot is not None and copy.snapshot.body != LOST else None
        state = kind.nothing(copy.stream) if snapshot is None else kind.read_state(snapshot.body)
        for entry in copy.entries:
            if entry.body != LOST and entry.version > state.version:
                state = kind.evolve(state, kind.read_event(entry.body))._replace(version=entry.version)
        return state._replace(version=copy.version)


def read_event(kind: Kind, entry: Entry) -> Event:
    """The event in an entry. Raises Damaged when the entry only keeps its place, or cannot be read."""
    if entry.body == LOST:
        raise _damaged(entry.stream)
    try:
        return kind.read_event(entry.body)
    except (TicTacToeError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise _damaged(entry.stream) from error


def _damaged(stream: str) -> Damaged:
    return Damaged(f"what the servers kept of {stream} is damaged; it is mended if the other copy has it")


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Made once: ``json.dumps`` with such wishes would make an encoder for every event."""
