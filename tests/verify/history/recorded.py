"""A room whose calls are recorded while its games are played, one way or the other. No test lives here.

``Recorder`` carries commands out on a correct room, at moments that the test chooses, and keeps what clients and
spectators would have seen. Tests then change what was seen, as a server with a fault would.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from game.context import Context, Limits
from game.rooms.commands import Command, Create, Join, Leave, Move, Rematch, Resign
from game.rooms.decide import decide
from game.rooms.events import Event
from verify.history.models import RoomSpecification, RoomState
from verify.history.record import Call, ObservedView, RoomHistory
from verify.history.server_commands import Request, request_of

ROOM = "room"
LIMITS = Limits(people=10)


class Recorder:
    """One room. Time goes on by itself: each call takes effect at the next whole second."""

    def __init__(self) -> None:
        self.history = RoomHistory()
        self._when: dict[Request, Context] = {}
        self._model = RoomSpecification(ROOM, LIMITS, self._when)
        self.state: RoomState = self._model.initial()
        self._seconds = itertools.count(1)

    def call(
        self,
        operation: Command | ObservedView,
        *,
        sent_before_s: float = 0.25,
        answered_after_s: float | None = 0.25,
        carried_out: bool = True,
        now: Context = Context(),  # noqa: B008  # immutable
    ) -> Call[object]:
        """Carry an operation out, between being sent and being answered; or never, if nobody is told anything.

        ``now``: the moment of it as the servers know it.
        """
        moment = next(self._seconds)
        before = self.state
        if isinstance(operation, Command):
            self._when.setdefault(request_of(operation), now)
        after, answer = self._model.step(before, operation)
        if carried_out and after is not before:
            self.state = after
            self.history.final += enumerate(made(before, operation, now), before.room.version + 1)
        answered_at = None if answered_after_s is None else moment + answered_after_s
        told = None if answered_at is None else answer
        call: Call[object] = Call(operation.by, operation, moment - sent_before_s, answered_at, told)
        self.history.calls.append(call)
        return call

    def servers(self, command: Command, at: int, chance: int = 0) -> None:
        """The servers carry out a command of their own: nobody calls it, and nobody is answered."""
        self.call(command, now=Context(at, chance))
        del self.history.calls[-1]

    def version(self) -> int:
        """The room's version now."""
        return self.state.room.version

    def look(self, by: str = "wes") -> Call[object]:
        """Somebody looks at the room."""
        return self.call(ObservedView(by))

    def watched(self, *names: str) -> RoomHistory:
        """The history, seen in full by these spectators."""
        for name in names:
            self.history.spectators[name] = list(self.history.final)
        return self.history


def made(before: RoomState, operation: Command | ObservedView, now: Context) -> tuple[Event, ...]:
    """The events that the operation makes."""
    assert not isinstance(operation, ObservedView)
    return decide(before.room, operation, now, LIMITS)


def opened() -> Recorder:
    """A room with ada (X) and bob (O), who have begun to play: version 4."""
    room = Recorder()
    room.call(Create("ada", "r1", "t", "tictactoe", {}))
    room.call(Join("ada", "r2", "player"))
    room.call(Join("bob", "r3", "player"))
    return room


def played() -> Recorder:
    """A game that ada has won: versions 5 to 9 are moves, 10 is its end."""
    room = opened()
    for number, (name, cell) in enumerate([("ada", 0), ("bob", 3), ("ada", 1), ("bob", 4), ("ada", 2)]):
        room.call(Move(name, f"m{number}", cell))
    return room


def busy(calls: int, clients: int, chance: random.Random, *, lost_answers: float = 0.05) -> Recorder:
    """A room where that many clients call and look, often the wrong thing, all the time and all at once."""
    names = [f"client{n}" for n in range(clients)]
    room = Recorder()
    room.call(Create(names[0], "r0", "t", "tictactoe", {}))
    ids = (f"q{n}" for n in itertools.count())
    for _ in range(calls - 1):
        operation = _any(names, room, ids, chance)
        unanswered = chance.random() < lost_answers
        room.call(
            operation,
            sent_before_s=chance.uniform(0, clients / 2),
            answered_after_s=None if unanswered else chance.uniform(0, clients / 2),
            carried_out=not unanswered or chance.random() < 0.5,
        )
    return room


def _any(names: list[str], room: Recorder, ids: Iterator[str], chance: random.Random) -> Command | ObservedView:
    now, request = room.state.room, next(ids)
    by = chance.choice(names)
    turn = now.seats.get(now.rules.to_move(now.position) or "X")
    roll = chance.random()
    if roll < 0.5 and turn is not None:
        free = [cell for cell, stone in enumerate(now.position.cells) if stone == "."]
        return Move(turn if roll < 0.4 else by, request, chance.choice(free or [0]) if roll < 0.45 else 0)
    if roll < 0.65:
        return Rematch(chance.choice(now.players or tuple(names)), request)
    if roll < 0.8:
        return ObservedView(by)
    if roll < 0.88:
        return Join(by, request, chance.choice(["player", "spectator"]))
    if roll < 0.98:
        return Leave(by, request)
    return Resign(by, request)
