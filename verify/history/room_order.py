"""Is there one order of all calls on a room that explains every answer and the events that were read in the end?

Needs every command on the room, also those that nobody answered. ``guarantees`` asks here; what needs less is there.

The final history makes the search short. It says what became of a call without an answer: either its events are there,
then only their version is right as its answer, or it changed nothing and nobody can tell. And since a version is the
number of one event, the commands that made events have but one order. Whether the rules make these events of them, and
no others, is ``replayed``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from game.errors import BadToken, InvariantBroken, NameTaken, NotAllowed, Refusal, TimeUp, TooOften
from game.moment import Context, Limits
from game.rooms.commands import ClaimGame, Command
from game.rooms.decide import decide
from game.rooms.events import Event
from game.rooms.evolve import evolve
from game.rooms.state import nothing
from verify.history import linearizability
from verify.history.models import Carried, RoomSpecification
from verify.history.record import Call, ObservedView, RefusedCall, RoomHistory
from verify.history.server_commands import Request, command_of_the_house, moment_of, request_of

_REFUSALS_OF_ROOMS = frozenset(kind.code for kind in Refusal.__subclasses__()) - {NameTaken.code, BadToken.code}
_OF_TIME = frozenset({TimeUp.code, TooOften.code})
_LONG_BEFORE, _LONG_AFTER = float("-inf"), float("inf")


@dataclass(frozen=True)
class RoomOrder:
    """What was found about the order of a room's calls."""

    wrong: tuple[str, ...]
    undecided: tuple[str, ...]


def check_order(room_id: str, history: RoomHistory, *, limits: Limits, most_steps: int) -> RoomOrder:
    """Search for an order of the calls, and replay the final history."""
    wrong = list(replayed(room_id, history, limits=limits))
    calls = list(_judged(history))
    verdict = linearizability.check(RoomSpecification(room_id, limits, _moments(history)), calls, most_steps=most_steps)
    if verdict.outcome == "not decided":
        return RoomOrder(tuple(wrong), (str(verdict),))
    if not verdict.linearizable:
        wrong.append(str(verdict))
    return RoomOrder(tuple(wrong), ())


def replayed(room_id: str, history: RoomHistory, *, limits: Limits) -> Iterator[str]:
    """The first event of the final history that nobody asked for, or that the rules do not make there, if any."""
    commands = _asked(history)
    room = nothing(room_id)
    for request, made in _by_request(history):
        events = [event for _, event in made]
        command = commands.get(request) or command_of_the_house(events)
        if command is None:
            yield f"nobody asked for {events[0]}, version {room.version + 1}"
            return
        try:
            right = list(decide(room, command, moment_of(events), limits))
        except Refusal as refusal:
            yield f"{command} made {events} after version {room.version}, and was to be refused: {refusal.message}"
            return
        if events != right:
            yield f"{command} made {events} after version {room.version}, and the rules make {right}"
            return
        try:
            for event in events:
                room = evolve(room, event)
        except InvariantBroken as broken:
            yield f"{events} cannot happen after version {room.version}: {broken.message}"
            return


def _asked(history: RoomHistory) -> dict[Request, Command]:
    """All commands, by their requests."""
    commands = (call.operation for call in history.calls)
    return {request_of(command): command for command in commands if isinstance(command, Command)}


def _judged(history: RoomHistory) -> Iterator[Call[Command | ObservedView]]:
    """The calls that say something of the room, each with its answer as far as the final history knows it."""
    whole = bool(history.final) and history.final[0][0] == 1
    ends = {request_of(event): version for version, event in history.final}
    for call in history.calls:
        operation = call.operation
        if not isinstance(operation, (Command, ObservedView)):
            raise ValueError(f"a call on a room is a command or a look, and not {operation!r}")
        if isinstance(call.answer, RefusedCall) and call.answer.code not in _REFUSALS_OF_ROOMS:
            continue  # refused before it came to the room
        if isinstance(call.answer, RefusedCall) and _depends_on_time(operation, call.answer):
            continue
        answered_at, answer = call.answered_at, call.answer
        if answered_at is None and whole:
            if isinstance(operation, ObservedView) or request_of(operation) not in ends:
                continue
            answered_at, answer = _LONG_AFTER, Carried(ends[request_of(operation)])
        yield Call(call.client, operation, call.sent_at, answered_at, answer)
    asked = _asked(history)
    for request, made in _by_request(history):
        command = None if request in asked else command_of_the_house([event for _, event in made])
        if command is not None:
            yield Call("the servers", command, _LONG_BEFORE, _LONG_AFTER, Carried(made[-1][0]))


def _by_request(history: RoomHistory) -> Iterator[tuple[Request, list[tuple[int, Event]]]]:
    """The final history, the events of each request together."""
    for request, made in itertools.groupby(history.final, key=lambda numbered: request_of(numbered[1])):
        yield request, list(made)


def _moments(history: RoomHistory) -> dict[Request, Context]:
    """When the requests were decided that made events."""
    return {request: moment_of(event for _, event in made) for request, made in _by_request(history)}


def _depends_on_time(operation: Command | ObservedView, answer: RefusedCall) -> bool:
    """Whether a refusal may be right at one moment and wrong at another: of what made no events none is known."""
    return answer.code in _OF_TIME or (isinstance(operation, ClaimGame) and answer.code == NotAllowed.code)
