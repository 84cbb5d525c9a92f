"""Rooms as values, decoded from the servers' answers. Unknown fields are ignored; a missing field is an error."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from game.accounts.names import name_key
from game.errors import InvalidArgument, InvariantBroken
from game.forms import public_state, views
from game.match.offers import OfferKind
from game.match.selection import Choices, Proposal, Selection
from game.plain_values import convert
from game.rooms.chat import Line
from game.rooms.state import Room
from game.rules import SEATS, Outcome, Seat
from wire.errors import ProtocolMismatch

T = TypeVar("T")


@dataclass(frozen=True)
class SeatView:
    """The player of a seat, and whether that player is present."""

    name: str
    present: bool
    away_since: int | None = None
    """Service time since which the player is away; None if present."""


@dataclass(frozen=True)
class Time:
    """The clocks of a game: the time left in ms of each seat, when the clock of ``running`` started at ``since``."""

    left_ms: Mapping[str, int]
    running: Seat | None
    since: int

    def left(self, seat: Seat, at: int) -> int:
        """Return a seat's time left at a service time, in ms; 0 when its time is up."""
        had = self.left_ms[seat]
        return had if seat != self.running else max(0, had - max(0, at - self.since))


@dataclass(frozen=True)
class View:
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


@dataclass(frozen=True)
class Row:
    """A room in the lobby's list."""

    room: str
    title: str
    phase: str
    game: str
    options: Mapping[str, Any]
    players: Mapping[str, str | None]
    spectator_count: int
    game_number: int
    best_of: int
    clock: str
    rated: bool
    timed: bool
    """Whether a timer is set there: a flag falls, the next game begins."""


def decoding(what: str) -> Callable[[Callable[[Any], T]], Callable[[Any], T]]:
    """Make a function raise ProtocolMismatch when the server's answer that it decodes has an unexpected shape."""

    def decorate(decode: Callable[[Any], T]) -> Callable[[Any], T]:
        @functools.wraps(decode)
        def decoded(plain: Any) -> T:
            try:
                return decode(plain)
            except (InvalidArgument, InvariantBroken, LookupError, TypeError, ValueError, AttributeError) as wrong:
                raise ProtocolMismatch(f"the server's {what} cannot be read: {wrong}") from None

        return decoded

    return decorate


@decoding("view of a room")
def view_from(plain: Mapping[str, Any]) -> View:
    """Decode a view from the wire. Raises ProtocolMismatch if a field is missing or has another shape."""
    view: View = convert({**plain, "selection": _selection_from(plain["selection"])}, View)
    return view


def _selection_from(plain: Mapping[str, Any] | None) -> list[Any] | None:
    """Return a selection as the lists that its named tuples are read from."""
    if plain is None:
        return None
    proposals = {seat: [one[name] for name in Proposal._fields] for seat, one in plain["proposals"].items()}
    return [[plain[name] for name in Choices._fields], plain["until"], proposals]


@decoding("state of a room")
def state_from(plain: Mapping[str, Any]) -> Room:
    """Decode the public part of a room from the wire. Raises ProtocolMismatch as ``view_from``."""
    return public_state.decode(plain)


def view_of(room: Room) -> View:
    """Return the view of a room, as the servers make it."""
    return view_from(views.view(room))


@decoding("chat")
def line_from(plain: Mapping[str, Any]) -> Line:
    """Decode a chat line from the wire. Raises ProtocolMismatch as ``view_from``."""
    return Line(**{name: plain[name] for name in Line._fields})


def talk_from(answer: Mapping[str, Any]) -> tuple[Line, ...]:
    """Return the last chat lines in an answer of ``view``."""
    return tuple(map(line_from, answer["talk"]))


@decoding("list of rooms")
def row_from(plain: Mapping[str, Any]) -> Row:
    """Decode a row of the lobby from the wire. Raises ProtocolMismatch if a field is missing or has another shape."""
    row: Row = convert(plain, Row)
    return row


def row_of(view: View) -> Row:
    """Return the row that the lobby would have for a room. The lobby lists no private room."""
    players = {seat: None if owner is None else owner.name for seat, owner in view.seats.items()}
    as_they_are = {name: getattr(view, name) for name in Row.__dataclass_fields__ if name != "players"}
    return Row(players=players, **as_they_are)
