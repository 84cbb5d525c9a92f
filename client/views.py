"""What the servers say about rooms, as values. Unknown fields are ignored, missing ones are a clear error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from game.accounts.names import name_key
from game.games.selection import Choices, Proposal, Selection
from game.match.offers import Matter
from game.rooms.chat import Line
from game.rules import SEATS, Outcome, Seat
from wire.errors import ProtocolMismatch

_UNFIT = (TypeError, ValueError, AttributeError)
"""What taking an answer apart raises when it is of another shape."""


@dataclass(frozen=True)
class SeatView:
    """Whose a seat is, and whether its player is there now."""

    name: str
    present: bool
    away_since: int | None = None
    """Service time, for who is not there."""


@dataclass(frozen=True)
class Time:
    """The clocks of a game: what each had left, in ms, when that of ``running`` began to run at ``since``."""

    left_ms: Mapping[str, int]
    running: Seat | None
    since: int

    def left(self, seat: Seat, at: int) -> int:
        """What a seat has left at a service time, in ms, 0 when its time is up."""
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
    """"waiting", "selecting", "playing", "finished" or "closed"."""
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
    best_of: int
    """Of how many games the series is; 0 for one without end."""
    clock: str
    """How time is given; see ``game.match.clock.clock_rule``."""
    rated: bool
    bots: tuple[str, ...]
    private: bool
    locked: bool
    series_over: bool
    due_at: int | None
    """The service time at which something happens without anybody's command."""
    selection: Selection | None
    """What is to be played, while that is being selected."""
    time: Time | None
    """The clocks; None in a game without."""
    offers: tuple[tuple[Seat, Matter], ...]
    """What is offered, and by whom."""

    def seat_of(self, name: str) -> Seat | None:
        """The seat of a username, in any spelling that reads the same; None for somebody who has none."""
        for seat in SEATS:
            there = self.seats[seat]
            if there is not None and (there.name == name or name_key(there.name) == name_key(name)):
                return seat
        return None

    @property
    def timed(self) -> bool:
        """Whether something happens without anybody's command."""
        return self.due_at is not None

    def offers_of(self, seat: Seat | None) -> tuple[Matter, ...]:
        """What somebody on that seat offers."""
        return tuple(what for whose, what in self.offers if whose == seat)

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
    best_of: int
    clock: str
    rated: bool
    timed: bool
    """Whether something happens there without anybody's command: a flag falls, the next game begins."""


def view_from(plain: Mapping[str, Any]) -> View:
    """The view that came over the wire. Raises ProtocolMismatch if something is missing or of another shape."""
    try:
        seats = plain["seats"]
        return View(
            **{name: plain[name] for name in _AS_THEY_ARE},
            seats={
                seat: None if s is None else SeatView(s["name"], s["present"], s["away_since"])
                for seat, s in seats.items()
            },
            bots=tuple(plain["bots"]),
            selection=_selection_from(plain["selection"]),
            time=None if (time := plain["time"]) is None else Time(time["left_ms"], time["running"], time["since"]),
            offers=tuple((seat, what) for seat, what in plain["offers"]),
            outcome=_outcome_from(plain["outcome"]),
            moves=tuple((seat, move) for seat, move in plain["moves"]),
            rematch=tuple(plain["rematch"]),
            spectators=tuple(plain["spectators"]),
        )
    except KeyError as missing:
        raise ProtocolMismatch(f"the server's view of a room has no {missing}") from None
    except _UNFIT as wrong:
        raise ProtocolMismatch(f"the server's view of a room cannot be read: {wrong}") from None


def _outcome_from(plain: Mapping[str, Any] | None) -> Outcome | None:
    if plain is None:
        return None
    return Outcome(plain["termination"], plain["winner"], tuple(plain["line"]))


def _selection_from(plain: Mapping[str, Any] | None) -> Selection | None:
    if plain is None:
        return None
    choices = Choices(tuple(plain["boards"]), tuple(plain["best_ofs"]), tuple(plain["clocks"]))
    proposals = plain["proposals"]
    return Selection(
        choices,
        plain["until"],
        {seat: Proposal(p["board"], p["best_of"], p["clock"]) for seat, p in proposals.items()},
    )


def line_from(plain: Mapping[str, Any]) -> Line:
    """What somebody said, as it came over the wire. Raises ProtocolMismatch as ``view_from``."""
    try:
        return Line(**{name: plain[name] for name in Line._fields})
    except KeyError as missing:
        raise ProtocolMismatch(f"what the server says was said has no {missing}") from None
    except _UNFIT as wrong:
        raise ProtocolMismatch(f"what the server says was said cannot be read: {wrong}") from None


def row_from(plain: Mapping[str, Any]) -> Row:
    """The lobby's row that came over the wire. Raises ProtocolMismatch if something is missing or of another shape."""
    try:
        return Row(**{name: plain[name] for name in Row.__dataclass_fields__})
    except KeyError as missing:
        raise ProtocolMismatch(f"the server's list of rooms has no {missing}") from None
    except _UNFIT as wrong:
        raise ProtocolMismatch(f"the server's list of rooms cannot be read: {wrong}") from None


def row_of(view: View) -> Row:
    """What the lobby would say of a room: of a private one it says nothing."""
    players = {seat: None if owner is None else owner.name for seat, owner in view.seats.items()}
    as_they_are = {name: getattr(view, name) for name in Row.__dataclass_fields__ if name != "players"}
    return Row(players=players, **as_they_are)


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
    "best_of",
    "clock",
    "rated",
    "private",
    "locked",
    "series_over",
    "due_at",
)
