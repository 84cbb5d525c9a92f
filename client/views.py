"""What the servers say about rooms, as values. Unknown fields are ignored, missing ones are a clear error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from game.rules import Outcome, Seat
from wire.errors import ProtocolMismatch


@dataclass(frozen=True)
class SeatView:
    """Whose a seat is, and whether its player is there now."""

    name: str
    present: bool


@dataclass(frozen=True)
class View:
    """A room at a version, as everybody in it sees it."""

    room: str
    version: int
    title: str
    owner: str
    phase: str
    """"waiting", "playing", "finished" or "closed"."""
    game: str
    options: Mapping[str, Any]
    board: Mapping[str, Any]
    """What the game shows; in tic-tac-toe width, height, in_a_row, cells (text, row by row), last, line."""
    seats: Mapping[str, SeatView | None]
    turn: Seat | None
    outcome: Outcome | None
    moves: tuple[tuple[Seat, Any], ...]
    game_number: int
    wins: Mapping[str, int]
    draws: int
    rematch: tuple[Seat, ...]
    spectators: tuple[str, ...]
    """The first of those who watch; ``spectator_count`` says how many there are."""
    spectator_count: int

    def seat_of(self, name: str) -> Seat | None:
        """The seat of a username, or None for somebody who has none."""
        x, o = self.seats["X"], self.seats["O"]
        if x is not None and x.name == name:
            return "X"
        return "O" if o is not None and o.name == name else None

    @property
    def winner(self) -> str | None:
        """The username that won the game, if it is over and somebody did."""
        if self.outcome is None or self.outcome.winner is None:
            return None
        seat = self.seats[self.outcome.winner]
        return None if seat is None else seat.name


@dataclass(frozen=True)
class Row:
    """A room in the lobby."""

    room: str
    title: str
    phase: str
    game: str
    options: Mapping[str, Any]
    players: Mapping[str, str | None]
    spectator_count: int
    game_number: int


def view_from(plain: Mapping[str, Any]) -> View:
    """The view that came over the wire. Raises ProtocolMismatch if something is missing."""
    try:
        seats = plain["seats"]
        return View(
            **{name: plain[name] for name in _AS_THEY_ARE},
            seats={seat: None if s is None else SeatView(s["name"], s["present"]) for seat, s in seats.items()},
            outcome=_outcome_from(plain["outcome"]),
            moves=tuple((seat, move) for seat, move in plain["moves"]),
            rematch=tuple(plain["rematch"]),
            spectators=tuple(plain["spectators"]),
        )
    except KeyError as missing:
        raise ProtocolMismatch(f"the server's view of a room has no {missing}") from None


def _outcome_from(plain: Mapping[str, Any] | None) -> Outcome | None:
    if plain is None:
        return None
    return Outcome(plain["termination"], plain["winner"], tuple(plain["line"]))


def row_from(plain: Mapping[str, Any]) -> Row:
    """The lobby's row that came over the wire. Raises ProtocolMismatch if something is missing."""
    try:
        return Row(**{name: plain[name] for name in Row.__dataclass_fields__})
    except KeyError as missing:
        raise ProtocolMismatch(f"the server's list of rooms has no {missing}") from None


_AS_THEY_ARE = (
    "room",
    "version",
    "title",
    "owner",
    "phase",
    "game",
    "options",
    "board",
    "turn",
    "game_number",
    "wins",
    "draws",
    "spectator_count",
)
