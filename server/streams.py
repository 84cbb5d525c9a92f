"""The two kinds of streams in the log, rooms and usernames, behind one shape: pure.

``commit`` and ``compaction`` know streams only by this: what a command decides, how an event changes a state, what
the answer to a request is, and how events and states are written. Another kind of stream is another class here.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Protocol

from game import name_events, names, rooms
from game.errors import check
from server.entries import StreamCopy

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


def room_of(stream: str) -> str | None:
    """The room whose stream it is, or None if it is a username's."""
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

    def decide(self, state: State, command: Command) -> Sequence[Event]:
        """The events that the command makes. Raises a Refusal."""

    def evolve(self, state: State, event: Event) -> State:
        """The state after an event."""

    def row(self, state: State) -> Mapping[str, object] | None:
        """What is told of the stream without its state; see ``entries.Listing``. Of what JSON knows."""

    def write_event(self, event: Event) -> str:
        """The event as JSON text."""

    def read_event(self, body: str) -> Event:
        """The event that was written so."""

    def write_state(self, state: State) -> str:
        """The state as JSON text."""

    def read_state(self, body: str) -> State:
        """The state that was written so."""


class _Rooms:
    def __init__(self, most_people: int) -> None:
        self._most_people = most_people

    def nothing(self, stream: str) -> State:
        return rooms.nothing(stream[len(_ROOM) :])

    def request(self, command: Command) -> Hashable:
        return command.by, command.request_id

    def answered(self, state: State, command: Command) -> Mapping[str, object] | None:
        answer = rooms.answer_to(state, command.by, command.request_id)
        return None if answer is None else {"version": answer.version, "seat": answer.seat}

    def answer(self, state: State, command: Command) -> Mapping[str, object]:
        answer = rooms.answer_now(state, command.by)
        return {"version": answer.version, "seat": answer.seat}

    def decide(self, state: State, command: Command) -> Sequence[Event]:
        return rooms.decide(state, command, max_people=self._most_people)

    def evolve(self, state: State, event: Event) -> State:
        return rooms.evolve(state, event)

    def row(self, state: State) -> Mapping[str, object] | None:
        return None if state.phase == "closed" else rooms.summary(state)

    def write_event(self, event: Event) -> str:
        return _json(rooms.to_plain(event))

    def read_event(self, body: str) -> Event:
        return rooms.from_plain(json.loads(body))

    def write_state(self, state: State) -> str:
        return _json(rooms.encode(state))

    def read_state(self, body: str) -> State:
        return rooms.decode(json.loads(body))


class _Names:
    def nothing(self, stream: str) -> State:  # noqa: ARG002  # the shape of a Kind
        return names.NOBODY

    def request(self, command: Command) -> Hashable:  # noqa: ARG002
        return None  # a name that is somebody's today is free another day; ``names`` itself sees to late copies

    def answered(self, state: State, command: Command) -> Mapping[str, object] | None:  # noqa: ARG002
        return None  # whatever is asked again changes nothing and answers the same

    def answer(self, state: State, command: Command) -> Mapping[str, object]:  # noqa: ARG002
        return {"name": state.name}

    def decide(self, state: State, command: Command) -> Sequence[Event]:
        return names.decide(state, command)

    def evolve(self, state: State, event: Event) -> State:
        return names.evolve(state, event)

    def row(self, state: State) -> Mapping[str, object] | None:
        return names.encode(state)

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

    def __init__(self, *, most_people: int) -> None:
        self._rooms: Kind = _Rooms(most_people)
        self._names: Kind = _Names()

    def kind_of(self, stream: str) -> Kind:
        """The kind of a stream, told by its name."""
        if stream.startswith(_ROOM):
            return self._rooms
        check(stream.startswith(_NAME), "a stream is a room's or a username's")
        return self._names

    def state_of(self, copy: StreamCopy) -> State:
        """The state that a stream's snapshot and the entries after it make."""
        kind = self.kind_of(copy.stream)
        state = kind.nothing(copy.stream) if copy.snapshot is None else kind.read_state(copy.snapshot.body)
        version = 0 if copy.snapshot is None else copy.snapshot.version
        for entry in copy.entries:
            if entry.version > version:
                check(entry.version == version + 1, f"{copy.stream} has a gap after version {version}")
                state = kind.evolve(state, kind.read_event(entry.body))
                version = entry.version
        return state


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Made once: ``json.dumps`` with such wishes would make an encoder for every event."""
