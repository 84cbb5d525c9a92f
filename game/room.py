"""A room's state, and how an event changes it: ``evolve``. A room is its events; this is what they add up to.

``decisions`` says which events a command makes. Nothing here refuses anything: an event is a fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from game.errors import check
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


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered: the version after its last event, and the caller's seat then."""

    version: int
    seat: Seat | None


@dataclass(frozen=True, slots=True)
class Room:
    """A room at a version. Immutable; ``seats`` keeps its owners also while they are away."""

    id: str
    version: int = 0
    phase: Phase = "new"
    title: str = ""
    owner: str = ""
    game: str = DEFAULT_GAME
    rules: Rules = field(default_factory=lambda: rules_named(DEFAULT_GAME, {}))
    seats: Mapping[Seat, str | None] = field(default_factory=lambda: _NO_SEATS)
    away: frozenset[str] = frozenset()
    spectators: tuple[str, ...] = ()
    position: Position = None
    moves: tuple[tuple[Seat, object], ...] = ()
    outcome: Outcome | None = None
    game_number: int = 0
    wins: Mapping[str, int] = field(default_factory=dict)
    draws: int = 0
    rematch: tuple[Seat, ...] = ()
    requests: Mapping[str, tuple[tuple[str, Answer], ...]] = field(default_factory=dict)

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


_NO_SEATS: Mapping[Seat, str | None] = {"X": None, "O": None}


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
    """The room after one more event of those that ``decide`` makes."""
    changed = _apply(room, event)
    return replace(changed, version=room.version + 1, requests=_remember(changed, room.version + 1, event))


def _apply(room: Room, event: Event) -> Room:
    if isinstance(event, Moved):
        position = room.rules.play(room.position, event.seat, event.move)
        return replace(room, position=position, moves=(*room.moves, (event.seat, event.move)))
    if isinstance(event, (Seated, Watched, Returned, Left)):
        return _come_or_go(room, event)
    if isinstance(event, Started):
        return replace(
            room,
            phase="playing",
            seats={"X": event.seat_x, "O": event.seat_o},
            position=room.rules.opening(),
            moves=(),
            outcome=None,
            game_number=event.number,
            rematch=(),
        )
    if isinstance(event, Finished):
        return _finish(room, event)
    if isinstance(event, RematchWanted):
        return replace(room, rematch=(*room.rematch, event.seat))
    if isinstance(event, Created):
        rules = rules_named(event.game, event.options)
        return replace(
            room,
            phase="waiting",
            title=event.title,
            owner=event.by,
            game=event.game,
            rules=rules,
            position=rules.opening(),
        )
    check(isinstance(event, Closed), "every kind of event changes a room in its own way")
    return replace(room, phase="closed", spectators=(), away=frozenset(room.players))


def _come_or_go(room: Room, event: Seated | Watched | Returned | Left) -> Room:
    name = event.by
    if isinstance(event, Seated):
        check(room.seats[event.seat] is None, "a seat has one owner")
        others = tuple(spectator for spectator in room.spectators if spectator != name)
        return replace(room, seats={**room.seats, event.seat: name}, spectators=others)
    if isinstance(event, Watched):
        return replace(room, spectators=(*room.spectators, name))
    if isinstance(event, Returned):
        return replace(room, away=room.away - {name})
    if room.seat_of(name) is not None:
        return replace(room, away=room.away | {name})
    return replace(room, spectators=tuple(spectator for spectator in room.spectators if spectator != name))


def _finish(room: Room, event: Finished) -> Room:
    wins, draws = room.wins, room.draws
    if event.winner is None:
        draws += 1
    else:
        winner = room.seats[event.winner] or ""
        wins = {**wins, winner: wins.get(winner, 0) + 1}
    outcome = Outcome(event.termination, event.winner, event.line)
    return replace(room, phase="finished", outcome=outcome, wins=wins, draws=draws)


def _remember(room: Room, version: int, event: Event) -> Mapping[str, tuple[tuple[str, Answer], ...]]:
    """The remembered requests with this event's: the last few of everybody here, and of the last who are gone."""
    requests = dict(room.requests)
    earlier = [known for known in requests.pop(event.by, ()) if known[0] != event.request_id]
    answer = Answer(version, room.seat_of(event.by))
    requests[event.by] = (*earlier[1 - REMEMBERED_REQUESTS :], (event.request_id, answer))
    if isinstance(event, (Left, Closed)) and len(requests) > REMEMBERED_GONE:
        present = {*room.players, *room.spectators}
        gone = [name for name in requests if name not in present]
        for name in gone[:-REMEMBERED_GONE]:
            del requests[name]
    return requests
