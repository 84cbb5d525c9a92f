"""The streams of rooms, one for each room."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from game.context import Context, Limits
from game.forms import event_codec, records, snapshot_codec, views
from game.forms.records import Record
from game.rooms import decide, evolve, remembered_requests, state
from game.rooms.commands import Command
from game.rooms.events import Event, Finished
from game.rooms.state import Room
from server.log.stream_kind import StreamKind

PREFIX = "room/"


def room_stream(room_id: str) -> str:
    """Return the stream of a room's events."""
    return PREFIX + room_id


def room_of(stream: str) -> str | None:
    """Return the room of a room's stream, or None for a stream of another kind."""
    return stream[len(PREFIX) :] if stream.startswith(PREFIX) else None


class RoomStream(StreamKind):
    """A room. Its rules are in ``game/rooms``."""

    events = event_codec.EVENTS

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def initial_state(self, stream: str) -> Room:
        return state.nothing(stream[len(PREFIX) :])

    def decide(self, room: Room, command: Command, now: Context) -> Sequence[Event]:
        return decide.decide(room, command, now, self._limits)

    def evolve(self, room: Room, event: Event) -> Room:
        return evolve.evolve(room, event)

    def request(self, command: Command) -> Hashable:
        return command.by, command.request_id

    def answered(self, room: Room, command: Command) -> Mapping[str, object] | None:
        answer = state.answer_to(room, command.by, command.request_id)
        return None if answer is None else {"version": answer.version, "seat": answer.seat}

    def answer(self, room: Room, command: Command) -> Mapping[str, object]:
        answer = state.answer_now(room, command.by)
        return {"version": answer.version, "seat": answer.seat}

    def forgotten(self, before: Room, after: Room, events: Sequence[Event]) -> Mapping[Hashable, Mapping[str, object]]:
        lost = remembered_requests.forgotten(before.requests, after.requests, [event.by for event in events])
        return {request: {"version": answer.version, "seat": answer.seat} for request, answer in lost.items()}

    def record(self, before: Room, event: Event, after: Room) -> Record | None:  # noqa: ARG002
        counts = isinstance(event, Finished) and event.termination != "aborted"
        return records.record_of(after) if counts else None

    def row(self, room: Room) -> Mapping[str, object] | None:
        return None if room.phase == "closed" else views.summary(room)

    def has_same_row(self, before: Room, after: Room) -> bool:
        return views.summary_parts(before) == views.summary_parts(after)

    def encode(self, room: Room) -> dict[str, object]:
        return snapshot_codec.encode(room)

    def decode(self, plain: Mapping[str, Any]) -> Room:
        return snapshot_codec.decode(plain)
