"""The parts of a history: the calls of clients, and the events that spectators received. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from game.rooms.events import Event
from game.rules import Seat

Operation = TypeVar("Operation")


@dataclass(frozen=True)
class Call(Generic[Operation]):
    """A call of a client, from its first attempt to its answer. Retries are part of it.

    Times are in seconds of one monotonic clock that all clients share. ``answered_at`` is None if no answer arrived.
    Then it is unknown whether and when the call was applied.
    """

    client: str
    operation: Operation
    sent_at: float
    answered_at: float | None = None
    answer: object = None


@dataclass(frozen=True)
class AnsweredCall:
    """The answer to a command that was applied: the room's version after it, and the caller's seat then."""

    version: int
    seat: Seat | None


@dataclass(frozen=True)
class RefusedCall:
    """The answer to a command that was refused and changed nothing. ``code`` is the reason."""

    code: str


@dataclass(frozen=True)
class ObservedView:
    """A read of a room's view."""

    by: str


@dataclass(frozen=True)
class Seen:
    """The answer to a read: the version, the phase, and the moves of the current game, oldest first."""

    version: int
    phase: str
    moves: tuple[tuple[Seat, object], ...]


@dataclass
class RoomHistory:
    """What clients observed of a room. The operation of a call is a command or an ``ObservedView``."""

    calls: list[Call[object]] = field(default_factory=list)
    spectators: dict[str, list[tuple[int, Event]]] = field(default_factory=dict)
    """By spectator: events with their versions, in the order of arrival."""
    gaps: int = 0
    """How often a spectator got a notice that earlier events were compacted away."""
    final: list[tuple[int, Event]] = field(default_factory=list)
    """All events of the room, from version 1, as read at the end."""
