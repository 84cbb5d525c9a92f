"""A room's state and the values that follow from it. Immutable; nothing here refuses a command.

``evolve`` defines how an event changes it, ``decide`` which events a command causes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

from msgspec import Struct

from game.games.registry import DEFAULT_GAME, rules_named
from game.match import clock as clocks
from game.match import series
from game.match.clock import NO_CLOCK, Clock, ClockRule
from game.match.offers import NO_OFFERS, Offers
from game.match.selection import Selection
from game.rooms.access import OPEN, Access
from game.rooms.chat import Talk
from game.rooms.commands import SYSTEM
from game.rooms.remembered_requests import CommandAnswer, Requests
from game.rules import SEATS, Outcome, Position, Rules, Seat

Phase = Literal["new", "waiting", "selecting", "playing", "finished", "closed"]

BETWEEN_GAMES_MS = 5_000
"""Service time in ms from the end of a game of a series to the start of the next. Both players can start it earlier."""

_DEFAULT_RULES: Rules = rules_named(DEFAULT_GAME, {})
_NO_SEATS: Mapping[Seat, str | None] = MappingProxyType({"X": None, "O": None})


class Room(Struct, frozen=True, gc=False):
    """A room at a version. ``seats`` has the owners of the seats, also while they are away.

    ``away``: since which service time each absent player is away. ``at``: service time of the last event.
    ``finished_at``: that of the last game's end. ``started_on``: when the last game began, in seconds since 1970. The
    fields ``selection``, ``clock``, ``offers``, ``talk`` and ``access`` belong to modules of their own.

    The class is a ``Struct`` because every event copies it: ``msgspec.structs.replace`` does so in C.
    """

    id: str
    version: int = 0
    at: int = 0
    phase: Phase = "new"
    title: str = ""
    owner: str = ""
    game: str = DEFAULT_GAME
    rules: Rules = _DEFAULT_RULES
    best_of: int = series.ENDLESS
    clock_rule: ClockRule = NO_CLOCK
    rated: bool = False
    bots: tuple[str, ...] = ()
    seats: Mapping[Seat, str | None] = _NO_SEATS
    away: Mapping[str, int] = MappingProxyType({})
    spectators: tuple[str, ...] = ()
    position: Position = _DEFAULT_RULES.opening()
    moves: tuple[tuple[Seat, object], ...] = ()
    outcome: Outcome | None = None
    game_number: int = 0
    started_on: int = 0
    finished_at: int = 0
    wins: Mapping[str, int] = MappingProxyType({})
    draws: int = 0
    rematch: tuple[Seat, ...] = ()
    selection: Selection | None = None
    clock: Clock | None = None
    offers: Offers = NO_OFFERS
    talk: Talk = ()
    access: Access = OPEN
    requests: Requests = MappingProxyType({})

    def seat_of(self, name: str) -> Seat | None:
        """Return the seat of a username, also while its owner is away."""
        if name == self.seats["X"]:
            return "X"
        return "O" if name == self.seats["O"] else None

    def has(self, name: str) -> bool:
        """Return whether a person of that name is in the room now."""
        if self.seat_of(name) is not None:
            return name not in self.away
        return name in self.spectators

    @property
    def players(self) -> tuple[str, ...]:
        """Return the owners of the taken seats."""
        return tuple(name for seat in SEATS if (name := self.seats[seat]) is not None)

    @property
    def is_match(self) -> bool:
        """Return whether the system made the room for matched players."""
        return self.owner == SYSTEM and self.phase != "new"

    @property
    def series_is_over(self) -> bool:
        """Return whether a series was decided or aborted."""
        aborted = self.outcome is not None and self.outcome.termination == "aborted"
        return self.best_of != series.ENDLESS and (aborted or series.is_over(self.best_of, self.wins, self.draws))

    @property
    def due_at(self) -> int | None:
        """Return the service time of the room's next timer; None if it has none."""
        if self.phase == "selecting" and self.selection is not None:
            return self.selection.until
        if self.phase == "playing" and self.clock is not None:
            return clocks.flag_at(self.clock)
        if self.phase == "finished" and self.best_of != series.ENDLESS and not self.series_is_over:
            return self.finished_at + BETWEEN_GAMES_MS
        return None


Become = Callable[..., Room]
"""Return the room after an event, with these fields changed. Called once per event, because a copy is costly."""


def nothing(room_id: str) -> Room:
    """Return the state before the first event."""
    return Room(room_id)


def answer_to(room: Room, by: str, request_id: str) -> CommandAnswer | None:
    """Return the first answer to a request that was applied before; None if the room does not remember it."""
    for known, answer in room.requests.get(by, ()):
        if known == request_id:
            return answer
    return None


def answer_now(room: Room, by: str) -> CommandAnswer:
    """Return the answer to a request that is complete at this version."""
    return CommandAnswer(room.version, room.seat_of(by))
