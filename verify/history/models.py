"""Models of correct sequential objects: a register and a room. ``linearizability`` has the search.

The model of a room is ``game.rooms`` itself: the same decisions as in the servers, on one state.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from game.context import Context, Limits
from game.errors import NoSuchRoom, Refusal
from game.rooms.commands import Command
from game.rooms.decide import decide
from game.rooms.evolve import evolve
from game.rooms.state import Room, answer_now, answer_to, nothing
from verify.history.linearizability import Model
from verify.history.record import AnsweredCall, ObservedView, RefusedCall, Seen
from verify.history.server_commands import Request, request_of

# -- register -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Read:
    """Read the register. The answer is its value."""


@dataclass(frozen=True)
class Write:
    """Write a value to the register. The answer is None."""

    value: Hashable


class RegisterSpecification(Model[Hashable, Read | Write]):
    """A register. Its state is its value."""

    def __init__(self, value: Hashable = None) -> None:
        """``value`` is the initial value."""
        self._value = value

    def initial(self) -> Hashable:
        """Return the initial value."""
        return self._value

    def step(self, state: Hashable, operation: Read | Write) -> tuple[Hashable, object]:
        """Read or write."""
        return (state, state) if isinstance(operation, Read) else (operation.value, None)

    def key(self, state: Hashable) -> Hashable:
        """Return the value."""
        return state


# -- room ---------------------------------------------------------------------------------------------------------


class CommandPath:
    """The commands that led to a room, in order. Equal sequences from the same beginning are the same object."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        """Make an empty sequence."""
        self._next: dict[str, CommandPath] = {}

    def followed_by(self, command: Command) -> CommandPath:
        """Return the sequence extended by a command."""
        return self._next.setdefault(repr(command), CommandPath())


@dataclass(frozen=True)
class RoomState:
    """A room, and the commands that led to it. They distinguish it from other rooms of the same version."""

    room: Room
    path: CommandPath


@dataclass(frozen=True)
class KnownVersion:
    """The answer to a command that got none, but has known events: the version after the last of them."""

    version: int


_ANY_MOMENT = Context()


class RoomSpecification(Model[RoomState, Command | ObservedView]):
    """A room.

    The answer to a command is ``AnsweredCall`` or ``RefusedCall``. The answer to an ``ObservedView`` is ``Seen``, or
    ``RefusedCall`` before the room exists.

    A repeated request gets its first answer, for as long as rooms remember requests.
    """

    def __init__(self, room_id: str, limits: Limits, moments: Mapping[Request, Context]) -> None:
        """A room before its creation.

        ``moments``: when requests were decided, as far as that is known. For all others the time makes no difference.
        """
        self._room_id = room_id
        self._limits = limits
        self._moments = moments
        self._beginning = CommandPath()

    def initial(self) -> RoomState:
        """Return the room before its first event."""
        return RoomState(nothing(self._room_id), self._beginning)

    def step(self, state: RoomState, operation: Command | ObservedView) -> tuple[RoomState, object]:
        """Decide and evolve for a command, or read the view."""
        room = state.room
        if isinstance(operation, ObservedView):
            if room.phase == "new":
                return state, RefusedCall(NoSuchRoom.code)
            return state, Seen(room.version, room.phase, room.moves)
        answer = answer_to(room, operation.by, operation.request_id)
        if answer is not None:
            return state, AnsweredCall(answer.version, answer.seat)
        try:
            now = self._moments.get(request_of(operation), _ANY_MOMENT)
            events = decide(room, operation, now, self._limits)
        except Refusal as refusal:
            return state, RefusedCall(refusal.code)
        for event in events:
            room = evolve(room, event)
        answer = answer_now(room, operation.by)
        after = RoomState(room, state.path.followed_by(operation)) if events else state
        return after, AnsweredCall(answer.version, answer.seat)

    def key(self, state: RoomState) -> Hashable:
        """Return the commands that made events. They are cheap to compare, and a room follows from its events.

        Rooms that differ only in the requests that they remember have two keys. The versions in the answers keep such
        rooms few.
        """
        return state.path

    def accepts(self, correct: object, given: object) -> bool:
        """Return whether the answers are equal. For ``KnownVersion`` only the versions must be equal."""
        if isinstance(given, KnownVersion):
            return isinstance(correct, AnsweredCall) and correct.version == given.version
        return correct == given
