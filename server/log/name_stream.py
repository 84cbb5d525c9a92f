"""The streams of usernames, one for each name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from game.accounts import name_events, names
from game.context import Context
from game.forms.records import NameFreed, Record
from server.log.stream_kind import Command, Event, StreamKind

PREFIX = "name/"


def name_stream(name: str) -> str:
    """Return the stream of a username's events. It is the same for names that differ only in case or composition."""
    return PREFIX + names.name_key(name)


def is_name(stream: str) -> bool:
    """Return whether ``stream`` is a username's stream."""
    return stream.startswith(PREFIX)


class NameStream(StreamKind):
    """A username. Its rules are in ``game/accounts``.

    No request is remembered. A name that has an owner today can be free later, and ``names`` itself handles late
    duplicates. A repeated request changes nothing and gets the same answer.
    """

    events = name_events.EVENTS
    states = names.STATES

    def initial_state(self, stream: str) -> names.Name:  # noqa: ARG002
        return names.NOBODY

    def decide(self, name: names.Name, command: Command, now: Context) -> Sequence[Event]:  # noqa: ARG002
        return names.decide(name, command)

    def evolve(self, name: names.Name, event: Event) -> names.Name:
        return names.evolve(name, event)

    def answer(self, name: names.Name, command: Command) -> Mapping[str, object]:  # noqa: ARG002
        return {"name": name.name}

    def record(self, before: names.Name, event: Event, after: names.Name) -> Record | None:  # noqa: ARG002
        return NameFreed(before.name) if isinstance(event, name_events.Released) else None
