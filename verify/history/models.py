"""What correct objects do when calls come one after the other: a register, and a room. The search is elsewhere.

A room is ``game.rooms`` itself: the same decisions that the servers make, on one state, with nothing around them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from game.errors import NoSuchRoom, Refusal
from game.moment import Context, Limits
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
    """What is in the register? Answered with the value."""


@dataclass(frozen=True)
class Write:
    """Put a value into the register. Answered with None."""

    value: Hashable


@dataclass(frozen=True)
class CompareAndSet:
    """Put ``value`` into the register if ``expected`` is in it. Answered with whether it was."""

    expected: Hashable
    value: Hashable


class RegisterSpecification(Model[Hashable, Read | Write | CompareAndSet]):
    """One register: its state is its value."""

    def __init__(self, value: Hashable = None) -> None:
        """``value`` is in it at first."""
        self._value = value

    def initial(self) -> Hashable:
        """The value that is in it at first."""
        return self._value

    def step(self, state: Hashable, operation: Read | Write | CompareAndSet) -> tuple[Hashable, object]:
        """Read, write, or write on a condition."""
        if isinstance(operation, Read):
            return state, state
        if isinstance(operation, Write):
            return operation.value, None
        same = state == operation.expected
        return (operation.value if same else state), same

    def key(self, state: Hashable) -> Hashable:
        """The value."""
        return state


# -- room ---------------------------------------------------------------------------------------------------------


class Way:
    """The commands that led to a room, in their order: the same ones from the same beginning are the same object."""

    __slots__ = ("_further",)

    def __init__(self) -> None:
        """A beginning."""
        self._further: dict[str, Way] = {}

    def with_one_more(self, command: Command) -> Way:
        """The way that goes on with this command."""
        return self._further.setdefault(repr(command), Way())


@dataclass(frozen=True)
class RoomState:
    """A room, and the way that led to it, which tells it from others of the same version."""

    room: Room
    way: Way


@dataclass(frozen=True)
class Carried:
    """The answer to a command of which nobody heard, but the events of which are known: the version after the last."""

    version: int


_ANY_MOMENT = Context()


class RoomSpecification(Model[RoomState, Command | ObservedView]):
    """A room. Commands are answered with Done or Refused, a Look with Seen, or Refused while there is no room.

    A request that was carried out before is answered as the first time, for as long as rooms remember it.
    """

    def __init__(self, room_id: str, limits: Limits, moments: Mapping[Request, Context]) -> None:
        """A room that is not created yet. ``moments``: when the requests were carried out of which that is known; what
        does not depend on time is decided at any.
        """
        self._room_id = room_id
        self._limits = limits
        self._moments = moments
        self._beginning = Way()

    def initial(self) -> RoomState:
        """The room before its first event."""
        return RoomState(nothing(self._room_id), self._beginning)

    def step(self, state: RoomState, operation: Command | ObservedView) -> tuple[RoomState, object]:
        """Decide and evolve, or look."""
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
        after = RoomState(room, state.way.with_one_more(operation)) if events else state
        return after, AnsweredCall(answer.version, answer.seat)

    def key(self, state: RoomState) -> Hashable:
        """The way: the commands that made events. It costs nothing to compare, and a room is its events.

        Rooms that are the same in all but what they remember of requests have two keys; versions in the answers keep
        such rooms few.
        """
        return state.way

    def accepts(self, correct: object, given: object) -> bool:
        """Equal, or for Carried the same version."""
        if isinstance(given, Carried):
            return isinstance(correct, AnsweredCall) and correct.version == given.version
        return correct == given
