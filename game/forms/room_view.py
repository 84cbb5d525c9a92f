"""The view of a room: what everybody in it sees at a version. ``views`` writes it for the wire.

Servers make it for plain clients. The client library makes it from the room's public state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from game.accounts.names import name_key
from game.match.clock import Clock, clock_text
from game.match.offers import OfferKind
from game.match.selection import Selection
from game.rooms.state import Room
from game.rules import SEATS, Outcome, Seat

SHOWN_SPECTATORS = 50
"""The most spectators' names in a view."""


class SeatView(Struct, frozen=True):
    """The player of a seat, and whether that player is present."""

    name: str
    present: bool
    away_since: int | None = None
    """Service time since which the player is away; None if present."""


class Time(Struct, frozen=True):
    """The clocks of a game: the time left in ms of each seat, when the clock of ``running`` started at ``since``."""

    left_ms: Mapping[str, int]
    running: Seat | None
    since: int

    def left(self, seat: Seat, at: int) -> int:
        """Return a seat's time left at a service time, in ms; 0 when its time is up."""
        had = self.left_ms[seat]
        return had if seat != self.running else max(0, had - max(0, at - self.since))


class View(Struct, frozen=True):
    """A room at a version, as everybody in it sees it."""

    room: str
    version: int
    title: str
    owner: str
    phase: str
    """One of "waiting", "selecting", "playing", "finished", "closed"."""
    game: str
    options: Mapping[str, Any]
    board: Mapping[str, Any]
    """What the game shows. In tic-tac-toe: width, height, in_a_row, cells (text, row by row), last, line."""
    seats: Mapping[str, SeatView | None]
    turn: Seat | None
    outcome: Outcome | None
    moves: tuple[tuple[Seat, Any], ...]
    game_number: int
    wins: Mapping[str, int]
    draws: int
    rematch: tuple[Seat, ...]
    spectators: tuple[str, ...]
    """The first spectators. ``spectator_count`` is the number of all."""
    spectator_count: int
    best_of: int
    """The number of games of the series; 0 for a series without end."""
    clock: str
    """The clock rule; see ``game.match.clock.clock_rule``."""
    rated: bool
    bots: tuple[str, ...]
    private: bool
    locked: bool
    series_over: bool
    due_at: int | None
    """The service time of the room's next timer; None if there is none."""
    selection: Selection | None
    """The choices and proposals, while a match selects what to play."""
    time: Time | None
    """The clocks; None in a game without clocks."""
    offers: tuple[tuple[Seat, OfferKind], ...]
    """The pending offers, each with the seat that made it."""

    def seat_of(self, name: str) -> Seat | None:
        """Return a username's seat; None without one. Spellings with the same ``name_key`` are the same name."""
        for seat in SEATS:
            there = self.seats[seat]
            if there is not None and (there.name == name or name_key(there.name) == name_key(name)):
                return seat
        return None

    @property
    def timed(self) -> bool:
        """Return whether a timer is set: something then happens without a command from a user."""
        return self.due_at is not None

    def offers_of(self, seat: Seat | None) -> tuple[OfferKind, ...]:
        """Return the pending offers of that seat."""
        return tuple(what for offerer, what in self.offers if offerer == seat)

    @property
    def winner(self) -> str | None:
        """Return the username that won the game; None if the game is not over, or is drawn."""
        if self.outcome is None or self.outcome.winner is None:
            return None
        seat = self.seats[self.outcome.winner]
        return None if seat is None else seat.name


def view_of(room: Room) -> View:
    """Return everything that people in the room may see. It contains nothing secret."""
    rules, position, spectators = room.rules, room.position, room.spectators
    return View(
        room=room.id,
        version=room.version,
        title=room.title,
        owner=room.owner,
        phase=room.phase,
        game=room.game,
        options=rules.options(),
        board=rules.describe(position),
        seats={seat: None if name is None else _seat(room, name) for seat, name in room.seats.items()},
        turn=rules.to_move(position) if room.phase == "playing" else None,
        outcome=room.outcome,
        moves=room.moves,
        game_number=room.game_number,
        wins=room.wins,
        draws=room.draws,
        rematch=room.rematch,
        spectators=spectators[:SHOWN_SPECTATORS],
        spectator_count=len(spectators),
        best_of=room.best_of,
        clock=clock_text(room.clock_rule),
        rated=room.rated,
        bots=room.bots,
        private=bool(room.access.code),
        locked=room.access.locked,
        series_over=room.series_is_over,
        due_at=room.due_at,
        selection=room.selection,
        time=None if room.clock is None else _time(room.clock),
        offers=room.offers.pending,
    )


def _seat(room: Room, name: str) -> SeatView:
    away_since = room.away.get(name)
    return SeatView(name, away_since is None, away_since)


def _time(clock: Clock) -> Time:
    return Time(dict(zip(SEATS, clock.left, strict=True)), clock.running, clock.since)
