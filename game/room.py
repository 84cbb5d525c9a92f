"""A room's state, and how an event changes it: ``evolve``. A room is its events; this is what they add up to.

``decisions`` says which events a command makes. Nothing here refuses anything: an event is a fact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Literal, NamedTuple

from game.errors import InvariantBroken, Refusal, check
from game.events import (
    Closed,
    Created,
    Event,
    Finished,
    Left,
    Moved,
    RematchWanted,
    Returned,
    Seated,
    Started,
    Watched,
)
from game.games import DEFAULT_GAME, rules_named
from game.rules import SEATS, Outcome, Position, Rules, Seat

Phase = Literal["new", "waiting", "playing", "finished", "closed"]

REMEMBERED_REQUESTS = 8
"""Requests of each username whose first answer is remembered."""
REMEMBERED_GONE = 64
"""Usernames that are not in the room any more whose requests are remembered."""


class Answer(NamedTuple):
    """What a request was answered: the version after its last event, and the caller's seat then."""

    version: int
    seat: Seat | None


_Requests = tuple[tuple[str, Answer], ...]
"""Request ids of one username and their first answers, the latest last."""
_DEFAULT_RULES: Rules = rules_named(DEFAULT_GAME, {})
_NO_SEATS: Mapping[Seat, str | None] = MappingProxyType({"X": None, "O": None})


class Room(NamedTuple):
    """A room at a version. Immutable; ``seats`` keeps its owners also while they are away.

    A tuple with names, since every event copies it, and that takes a tuple a third of the time.
    """

    id: str
    version: int = 0
    phase: Phase = "new"
    title: str = ""
    owner: str = ""
    game: str = DEFAULT_GAME
    rules: Rules = _DEFAULT_RULES
    seats: Mapping[Seat, str | None] = _NO_SEATS
    away: frozenset[str] = frozenset()
    spectators: tuple[str, ...] = ()
    position: Position = _DEFAULT_RULES.opening()
    moves: tuple[tuple[Seat, object], ...] = ()
    outcome: Outcome | None = None
    game_number: int = 0
    wins: Mapping[str, int] = MappingProxyType({})
    draws: int = 0
    rematch: tuple[Seat, ...] = ()
    requests: Mapping[str, _Requests] = MappingProxyType({})

    def seat_of(self, name: str) -> Seat | None:
        """The seat that belongs to a username, also while it is away."""
        if name == self.seats["X"]:
            return "X"
        return "O" if name == self.seats["O"] else None

    def has(self, name: str) -> bool:
        """Whether somebody of that name is in the room now."""
        if self.seat_of(name) is not None:
            return name not in self.away
        return name in self.spectators

    @property
    def players(self) -> tuple[str, ...]:
        """The owners of the seats that are taken."""
        return tuple(name for seat in SEATS if (name := self.seats[seat]) is not None)


def nothing(room_id: str) -> Room:
    """The state before the first event."""
    return Room(room_id)


def answer_to(room: Room, by: str, request_id: str) -> Answer | None:
    """The first answer to a request that was carried out before; None if it is not known."""
    for known, answer in room.requests.get(by, ()):
        if known == request_id:
            return answer
    return None


def answer_now(room: Room, by: str) -> Answer:
    """The answer to a request that ends here."""
    return Answer(room.version, room.seat_of(by))


def evolve(room: Room, event: Event) -> Room:
    """The room after one more event of those that ``decide`` makes.

    Raises InvariantBroken, and never a Refusal, for an event that cannot have happened here: an event is a fact, and
    nobody is there to be refused.
    """
    check(room.phase != "closed", "nothing happens in a closed room")
    check((room.phase == "new") == isinstance(event, Created), "a room begins with being created, once")
    version = room.version + 1
    become = partial(room._replace, version=version, requests=_remember(room, version, event))
    try:
        return _apply(room, event, become)
    except Refusal as refusal:
        raise InvariantBroken(f"an event of room {room.id} cannot have happened: {refusal.message}") from refusal


_Become = Callable[..., Room]
"""The room with the new version and with these of its fields changed; made once an event, since copying it costs."""


def _apply(room: Room, event: Event, become: _Become) -> Room:
    if isinstance(event, Moved):
        check(room.phase == "playing", "moves are made while a game is running")
        check(room.rules.to_move(room.position) == event.seat, "seats move in turn")
        position = room.rules.play(room.position, event.seat, event.move)
        return become(position=position, moves=(*room.moves, (event.seat, event.move)))
    if isinstance(event, (Seated, Watched, Returned, Left)):
        return _come_or_go(room, event, become)
    if isinstance(event, Started):
        return _start(room, event, become)
    if isinstance(event, Finished):
        return _finish(room, event, become)
    if isinstance(event, RematchWanted):
        return become(rematch=(*room.rematch, event.seat))
    if isinstance(event, Created):
        rules = rules_named(event.game, event.options)
        return become(
            phase="waiting",
            title=event.title,
            owner=event.by,
            game=event.game,
            rules=rules,
            position=rules.opening(),
        )
    check(isinstance(event, Closed), "every kind of event changes a room in its own way")
    return become(phase="closed", spectators=(), away=frozenset(room.players))


def _come_or_go(room: Room, event: Seated | Watched | Returned | Left, become: _Become) -> Room:
    name = event.by
    owns_a_seat = room.seat_of(name) is not None
    if isinstance(event, Returned):
        check(name in room.away, "only who was away returns")
        return become(away=room.away - {name})
    if isinstance(event, Left):
        check(room.has(name), "only who is in the room leaves it")
        return become(away=room.away | {name}) if owns_a_seat else become(spectators=_without(room.spectators, name))
    check(not owns_a_seat, "a player has one seat and does not watch")
    if isinstance(event, Seated):
        check(room.seats[event.seat] is None, "a seat has one owner")
        return become(seats={**room.seats, event.seat: name}, spectators=_without(room.spectators, name))
    check(name not in room.spectators, "nobody watches twice")
    return become(spectators=(*room.spectators, name))


def _without(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    if name not in names:
        return names
    at = names.index(name)
    return names[:at] + names[at + 1 :]


def _start(room: Room, event: Started, become: _Become) -> Room:
    check({event.seat_x, event.seat_o} == set(room.players), "a game is played by the owners of both seats")
    check(event.number == room.game_number + 1, "games are numbered one after the other")
    return become(
        phase="playing",
        seats={"X": event.seat_x, "O": event.seat_o},
        position=room.rules.opening(),
        moves=(),
        outcome=None,
        game_number=event.number,
        rematch=(),
    )


def _finish(room: Room, event: Finished, become: _Become) -> Room:
    check(room.phase == "playing", "a game that is running finishes")
    outcome = Outcome(event.termination, event.winner, event.line)
    if event.winner is None:
        return become(phase="finished", outcome=outcome, draws=room.draws + 1)
    winner = room.seats[event.winner]
    if winner is None:
        raise InvariantBroken("a game has two players")
    return become(phase="finished", outcome=outcome, wins={**room.wins, winner: room.wins.get(winner, 0) + 1})


def _remember(room: Room, version: int, event: Event) -> Mapping[str, _Requests]:
    """The remembered requests with this event's: the last few of everybody here, and of the last who are gone.

    Names stand in the order of their last event, so those who are gone longest stand first.
    """
    requests = dict(room.requests)
    earlier = requests.pop(event.by, ())
    if earlier and earlier[-1][0] == event.request_id:
        earlier = earlier[:-1]  # the events of one request follow one another
    answer = Answer(version, _seat_after(room, event))
    requests[event.by] = (*earlier[1 - REMEMBERED_REQUESTS :], (event.request_id, answer))
    if isinstance(event, (Left, Closed)):
        watching = () if isinstance(event, Closed) else _without(room.spectators, event.by)
        _forget_the_long_gone(requests, (*room.players, *watching))
    return requests


def _forget_the_long_gone(requests: dict[str, _Requests], present: tuple[str, ...]) -> None:
    """Of those who are not present keep the last; all who are have come by an event and so are remembered."""
    too_many = len(requests) - len(present) - REMEMBERED_GONE
    if too_many > 0:
        here = frozenset(present)
        for name in [name for name in requests if name not in here][:too_many]:
            del requests[name]


def _seat_after(room: Room, event: Event) -> Seat | None:
    """The seat that the event leaves its causer with."""
    if isinstance(event, Seated):
        return event.seat
    if isinstance(event, Started):
        return "X" if event.by == event.seat_x else "O"
    return room.seat_of(event.by)
