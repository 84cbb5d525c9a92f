"""Searches for an order of all calls on a room that explains every answer and the final events.

It needs every command on the room, also the unanswered ones. ``guarantees`` calls it, and has the checks that need
less.

The final history keeps the search short, because it decides the calls without an answer. If such a call made events,
only their version is a correct answer. Otherwise it changed nothing, and no client can notice it.

A version is the number of one event, so the commands that made events have only one possible order. ``replayed`` checks
whether the rules make exactly these events.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from game.context import Context, Limits
from game.errors import BadToken, InvariantBroken, NameTaken, NotAllowed, Refusal, TimeUp, TooOften
from game.rooms.commands import ClaimGame, Command
from game.rooms.decide import decide
from game.rooms.events import Event
from game.rooms.evolve import evolve
from game.rooms.state import nothing
from verify.history import linearizability
from verify.history.models import KnownVersion, RoomSpecification
from verify.history.record import Call, ObservedView, RefusedCall, RoomHistory
from verify.history.server_commands import Request, moment_of, request_of, system_command

_ROOM_REFUSALS = frozenset(kind.code for kind in Refusal.__subclasses__()) - {NameTaken.code, BadToken.code}
_TIME_REFUSALS = frozenset({TimeUp.code, TooOften.code})
_BEFORE_ALL, _AFTER_ALL = float("-inf"), float("inf")


@dataclass(frozen=True)
class RoomOrder:
    """The findings about the order of a room's calls."""

    wrong: tuple[str, ...]
    undecided: tuple[str, ...]


def check_order(room_id: str, history: RoomHistory, *, limits: Limits, most_steps: int) -> RoomOrder:
    """Search for an order of the calls, and replay the final history."""
    wrong = list(replayed(room_id, history, limits=limits))
    calls = list(_calls_to_check(history))
    verdict = linearizability.check(RoomSpecification(room_id, limits, _moments(history)), calls, most_steps=most_steps)
    if verdict.outcome == "not decided":
        return RoomOrder(tuple(wrong), (str(verdict),))
    if not verdict.linearizable:
        wrong.append(str(verdict))
    return RoomOrder(tuple(wrong), ())


def replayed(room_id: str, history: RoomHistory, *, limits: Limits) -> Iterator[str]:
    """Yield the first event of the final history that has no command, or that the rules do not make at that point."""
    commands = _commands_by_request(history)
    room = nothing(room_id)
    for request, made in _by_request(history):
        events = [event for _, event in made]
        command = commands.get(request) or system_command(events)
        if command is None:
            yield f"no command explains {events[0]}, version {room.version + 1}"
            return
        try:
            right = list(decide(room, command, moment_of(events), limits))
        except Refusal as refusal:
            yield f"{command} made {events} after version {room.version}, but the rules refuse it: {refusal.message}"
            return
        if events != right:
            yield f"{command} made {events} after version {room.version}, but the rules make {right}"
            return
        try:
            for event in events:
                room = evolve(room, event)
        except InvariantBroken as broken:
            yield f"the rules do not allow {events} after version {room.version}: {broken.message}"
            return


def _commands_by_request(history: RoomHistory) -> dict[Request, Command]:
    """Return all commands by their requests."""
    commands = (call.operation for call in history.calls)
    return {request_of(command): command for command in commands if isinstance(command, Command)}


def _calls_to_check(history: RoomHistory) -> Iterator[Call[Command | ObservedView]]:
    """Yield the calls to check. An unanswered command gets the answer that its events in the final history imply."""
    complete = bool(history.final) and history.final[0][0] == 1
    ends = {request_of(event): version for version, event in history.final}
    for call in history.calls:
        operation = call.operation
        if not isinstance(operation, (Command, ObservedView)):
            raise ValueError(
                f"the operation of a call on a room must be a Command or an ObservedView, not {operation!r}"
            )
        if isinstance(call.answer, RefusedCall) and call.answer.code not in _ROOM_REFUSALS:
            continue  # refused before it reached the room
        if isinstance(call.answer, RefusedCall) and _depends_on_time(operation, call.answer):
            continue
        answered_at, answer = call.answered_at, call.answer
        if answered_at is None and complete:
            if isinstance(operation, ObservedView) or request_of(operation) not in ends:
                continue
            answered_at, answer = _AFTER_ALL, KnownVersion(ends[request_of(operation)])
        yield Call(call.client, operation, call.sent_at, answered_at, answer)
    commands = _commands_by_request(history)
    for request, made in _by_request(history):
        command = None if request in commands else system_command([event for _, event in made])
        if command is not None:
            yield Call("the servers", command, _BEFORE_ALL, _AFTER_ALL, KnownVersion(made[-1][0]))


def _by_request(history: RoomHistory) -> Iterator[tuple[Request, list[tuple[int, Event]]]]:
    """Yield the final history with the events of each request together."""
    for request, made in itertools.groupby(history.final, key=lambda numbered: request_of(numbered[1])):
        yield request, list(made)


def _moments(history: RoomHistory) -> dict[Request, Context]:
    """Return the moments at which the requests with events were decided."""
    return {request: moment_of(event for _, event in made) for request, made in _by_request(history)}


def _depends_on_time(operation: Command | ObservedView, answer: RefusedCall) -> bool:
    """Return whether a refusal depends on the time. The time is unknown for requests without events."""
    return answer.code in _TIME_REFUSALS or (isinstance(operation, ClaimGame) and answer.code == NotAllowed.code)
