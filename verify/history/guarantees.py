"""Checks a history against the guarantees: nothing acknowledged is lost, nothing is applied twice, there is one
history.

Pure. It reads only ``record.RoomHistory``. When a history has all commands, ``room_order`` checks their order as well.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from game.context import Limits
from game.rooms.commands import ClaimGame, Close, Command, Create, Move, Resign, Say
from game.rooms.events import Closed, Created, Event, Finished, Moved, Said
from verify.history.linearizability import MOST_STEPS
from verify.history.record import AnsweredCall, Call, RefusedCall, RoomHistory, Seen
from verify.history.room_order import check_order
from verify.history.server_commands import Request, request_of

_Calls = Iterable[Call[object]]
_Numbered = Sequence[tuple[int, Event]]
"""Events with their versions, in the order in which a client received them."""

DEFAULT_LIMITS = Limits()
"""The limits of servers with default settings."""
_FINAL = "the final history"
_ALWAYS_MAKE: dict[type, type] = {
    Create: Created,
    Move: Moved,
    Resign: Finished,
    ClaimGame: Finished,
    Say: Said,
    Close: Closed,
}
"""Commands that make this event whenever they are applied. Other commands may make no event."""


@dataclass(frozen=True)
class Findings:
    """The findings. Each sentence is one case."""

    acked: int
    """The number of acknowledged commands."""
    lost: tuple[str, ...] = ()
    """Answers that are not true: acknowledged commands that are missing or different, and refused commands that were
    applied."""
    doubled: tuple[str, ...] = ()
    out_of_order: tuple[str, ...] = ()
    not_linearizable: tuple[str, ...] = ()
    """Answers or events that no order of the calls explains. One defect may appear in both."""
    undecided: tuple[str, ...] = ()
    """Rooms with too many possible orders: the search gave up."""

    @property
    def all(self) -> tuple[str, ...]:
        """Return all sentences."""
        return (*self.lost, *self.doubled, *self.out_of_order, *self.not_linearizable, *self.undecided)

    @property
    def clean(self) -> bool:
        """Return whether everything was checked and nothing was found."""
        return not self.all


def check(
    histories: Mapping[str, RoomHistory],
    *,
    complete: bool,
    limits: Limits = DEFAULT_LIMITS,
    most_steps: int = MOST_STEPS,
) -> Findings:
    """Check all rooms. ``histories`` has them by room id.

    ``complete``: whether the calls include every command on these rooms, answered or not. Then the check also searches
    for an order that explains all answers and events. ``limits`` are the servers' limits. After ``most_steps`` steps a
    search gives up and adds the room to ``undecided``.
    """

    def in_each(found_in: Callable[[RoomHistory], Iterable[str]]) -> tuple[str, ...]:
        return tuple(f"{room}: {what}" for room, history in histories.items() for what in found_in(history))

    checked = histories if complete else {}
    orders = {room: check_order(room, checked[room], limits=limits, most_steps=most_steps) for room in checked}
    return Findings(
        sum(_is_acked(call) for history in histories.values() for call in history.calls),
        lost=in_each(_lost),
        doubled=in_each(_doubled),
        out_of_order=in_each(lambda history: (*_out_of_order(history), *_back_in_time(history))),
        not_linearizable=tuple(f"{room}: {what}" for room, order in orders.items() for what in order.wrong),
        undecided=tuple(f"{room}: {what}" for room, order in orders.items() for what in order.undecided),
    )


def _is_acked(call: Call[object]) -> bool:
    return isinstance(call.operation, Command) and isinstance(call.answer, AnsweredCall)


# -- nothing acknowledged is lost (G1) ------------------------------------------------------------------------------


def _lost(history: RoomHistory) -> Iterable[str]:
    """Yield the commands with an answer that contradicts the final history."""
    made: dict[Request, list[tuple[int, Event]]] = {}
    for version, event in history.final:
        made.setdefault(request_of(event), []).append((version, event))
    last = history.final[-1][0] if history.final else 0
    for call in history.calls:
        command, answer = call.operation, call.answer
        if not isinstance(command, Command):
            continue
        events = made.get(request_of(command), [])
        if isinstance(answer, RefusedCall) and events:
            yield f"{command} was refused with {answer.code}, but made {events}"
        if not isinstance(answer, AnsweredCall):
            continue
        if not events:
            if type(command) in _ALWAYS_MAKE or answer.version > last:
                yield f"{command}, acknowledged at version {answer.version}, is not in the final history"
        elif events[-1][0] != answer.version or not _matches(command, answer, [event for _, event in events]):
            yield f"{command}, acknowledged at version {answer.version}, made other events: {events}"


def _matches(command: Command, answer: AnsweredCall, events: Sequence[Event]) -> bool:
    """Return whether the events can come from that command."""
    if isinstance(command, Move):
        return any(
            isinstance(event, Moved) and (event.seat, event.move) == (answer.seat, command.move) for event in events
        )
    kind = _ALWAYS_MAKE.get(type(command))
    return kind is None or any(isinstance(event, kind) for event in events)


# -- applied once (G2) ----------------------------------------------------------------------------------------------


def _doubled(history: RoomHistory) -> Iterable[str]:
    """Yield the requests with more than one event of a kind in a client's view of the history. No command makes two."""
    for spectator, seen in _observations(history):
        events = dict(reversed(seen)).values()  # a version that was received twice is a case for ``_out_of_order``
        counted = Counter((event.by, event.request_id, event.kind) for event in events)
        for (name, request_id, kind), count in counted.items():
            if count > 1:
                yield f"{spectator} has {count} events {kind} of {name}'s request {request_id}"


def _observations(history: RoomHistory) -> list[tuple[str, _Numbered]]:
    return [(_FINAL, history.final), *history.spectators.items()]


# -- one history (G3) -----------------------------------------------------------------------------------------------


def _out_of_order(history: RoomHistory) -> Iterable[str]:
    """Yield what spectators missed, received twice, or received in another form than the final history has."""
    if history.gaps:
        yield f"{history.gaps} gaps in what spectators saw"
    if not history.final or history.final[0][0] != 1:
        yield f"{_FINAL} does not begin with version 1"
    final = dict(history.final)
    for spectator, seen in _observations(history):
        for (before, _), (version, _) in itertools.pairwise(seen):
            if version != before + 1:
                yield f"{spectator} saw version {version} after {before}"
        for version, event in seen:
            if final.get(version) != event:
                yield f"{spectator} saw {event} as version {version}, and {_FINAL} has {final.get(version)}"


def _back_in_time(history: RoomHistory) -> Iterable[str]:
    """Yield answers that are out of date: with an older version than an answer that arrived before the call
    was sent.
    """
    answered = [
        call for call in history.calls if call.answered_at is not None and isinstance(call.answer, (AnsweredCall, Seen))
    ]
    by_answer = sorted(((call.answered_at or 0.0, _version(call)) for call in answered), reverse=True)
    newest = 0
    for sent_at, call in sorted(_first_sent(answered, history.calls), key=lambda pair: pair[0]):
        while by_answer and by_answer[-1][0] < sent_at:
            newest = max(newest, by_answer.pop()[1])
        if _version(call) < newest:
            older = f"older than version {newest} of an earlier answer"
            yield f"{call.client}'s {call.operation} was answered {call.answer}, {older}"


def _version(call: Call[object]) -> int:
    return call.answer.version if isinstance(call.answer, (AnsweredCall, Seen)) else 0


def _first_sent(answered: _Calls, calls: _Calls) -> Iterable[tuple[float, Call[object]]]:
    """Yield each call with the time when its request was first sent.

    A retry rightly gets the first answer, which may be old.
    """
    first: dict[Request, float] = {}
    for call in calls:
        if isinstance(call.operation, Command):
            request = request_of(call.operation)
            first[request] = min(call.sent_at, first.get(request, call.sent_at))
    for call in answered:
        yield first[request_of(call.operation)] if isinstance(call.operation, Command) else call.sent_at, call
