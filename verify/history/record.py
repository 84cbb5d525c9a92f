"""What a history is made of: the calls of clients, and the events that watchers saw. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from game.rooms.events import Event
from game.rules import Seat

Operation = TypeVar("Operation")


@dataclass(frozen=True)
class Call(Generic[Operation]):
    """One call of one client, from when it was first sent until its answer came; retries in between are part of it.

    Times are of one monotonic clock that all clients share, in seconds. ``answered_at`` is None when no answer ever
    came: then nobody knows whether, and when, the call was carried out.
    """

    client: str
    operation: Operation
    sent_at: float
    answered_at: float | None = None
    answer: object = None


@dataclass(frozen=True)
class AnsweredCall:
    """A command was carried out: the room's version after it, and the caller's seat then."""

    version: int
    seat: Seat | None


@dataclass(frozen=True)
class RefusedCall:
    """A command was refused and changed nothing; the code says why."""

    code: str


@dataclass(frozen=True)
class ObservedView:
    """Somebody looked at the room."""

    by: str


@dataclass(frozen=True)
class Seen:
    """What a look saw: the version, the phase, and the moves of the game on the board, oldest first."""

    version: int
    phase: str
    moves: tuple[tuple[Seat, object], ...]


@dataclass
class RoomHistory:
    """What was seen of one room. The operation of a call is a command or an ``ObservedView``."""

    calls: list[Call[object]] = field(default_factory=list)
    watchers: dict[str, list[tuple[int, Event]]] = field(default_factory=dict)
    """By watcher: events with their versions, in the order in which it saw them."""
    gaps: int = 0
    """How often a watcher was told that events before those it got are compacted away."""
    final: list[tuple[int, Event]] = field(default_factory=list)
    """All of the room's events, from version 1, as read anew in the end."""
