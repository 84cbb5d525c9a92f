"""What happened in a room: immutable facts. ``event_codec`` has their plain form for disk and wire.

Every event names who caused it and with which request, so that a retry is known wherever the events are; and when it
was, in service time (``moment``), as far as anything depends on that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from game.match.offers import Matter
from game.rules import Seat, Termination


@dataclass(frozen=True, slots=True)
class _Event:
    kind: ClassVar[str]
    by: str
    request_id: str
    at: int = field(default=0, kw_only=True)


@dataclass(frozen=True, slots=True)
class Created(_Event):
    """The room is open; ``by`` owns it. ``best_of``: 0 for games without end. ``code``: the invite code of a private
    room, else empty. ``rated``: whether its games count for ratings. ``bots``: players that are none of the
    people.
    """

    kind = "created"
    room_id: str
    title: str
    game: str
    options: Mapping[str, object]
    best_of: int = 0
    clock: str = "none"
    code: str = ""
    rated: bool = False
    bots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seated(_Event):
    """``by`` took a free seat, which is theirs from now on."""

    kind = "seated"
    seat: Seat


@dataclass(frozen=True, slots=True)
class Watched(_Event):
    """``by`` came in to watch."""

    kind = "watched"


@dataclass(frozen=True, slots=True)
class Returned(_Event):
    """``by`` came back to the own seat."""

    kind = "returned"


@dataclass(frozen=True, slots=True)
class Left(_Event):
    """``by`` went, and was last seen ``unseen_ms`` before; a player's seat stays the player's."""

    kind = "left"
    unseen_ms: int = 0


@dataclass(frozen=True, slots=True)
class Removed(_Event):
    """``by``, who owns the room, removed somebody who watches; ``name`` cannot come back."""

    kind = "removed"
    name: str


@dataclass(frozen=True, slots=True)
class Locked(_Event):
    """Nobody more can come in to watch; or, if not ``on``, they can again."""

    kind = "locked"
    on: bool


@dataclass(frozen=True, slots=True)
class Selecting(_Event):
    """A match has begun: its players say until ``until`` (service time) what of these lists they would play."""

    kind = "selecting"
    boards: tuple[str, ...]
    best_ofs: tuple[int, ...]
    clocks: tuple[str, ...]
    until: int


@dataclass(frozen=True, slots=True)
class Proposed(_Event):
    """The player on that seat would play this."""

    kind = "proposed"
    seat: Seat
    board: str
    best_of: int
    clock: str


@dataclass(frozen=True, slots=True)
class Agreed(_Event):
    """What is going to be played; ``lot``: the number that was drawn, or None when both proposed it."""

    kind = "agreed"
    board: str
    options: Mapping[str, object]
    best_of: int
    clock: str
    lot: int | None


@dataclass(frozen=True, slots=True)
class Started(_Event):
    """A game begins: who has which seat, which game of the room it is, from 1, and the date (seconds since 1970)."""

    kind = "started"
    seat_x: str
    seat_o: str
    number: int
    date: int = 0


@dataclass(frozen=True, slots=True)
class Moved(_Event):
    """A legal move was played from a seat."""

    kind = "moved"
    seat: Seat
    move: object


@dataclass(frozen=True, slots=True)
class Finished(_Event):
    """The game is over; ``winner`` is a seat, or None in a draw."""

    kind = "finished"
    termination: Termination
    winner: Seat | None
    line: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RematchWanted(_Event):
    """The player on that seat would play again."""

    kind = "rematch_wanted"
    seat: Seat


@dataclass(frozen=True, slots=True)
class RematchDeclined(_Event):
    """The player on that seat would not, or not any more, play again."""

    kind = "rematch_declined"
    seat: Seat


@dataclass(frozen=True, slots=True)
class Offered(_Event):
    """The player on that seat offers a draw, to take a move back, or to let the game be."""

    kind = "offered"
    seat: Seat
    what: Matter


@dataclass(frozen=True, slots=True)
class Declined(_Event):
    """The offer of that seat stands no more: the other declined it or, if ``withdrawn``, who made it."""

    kind = "declined"
    seat: Seat
    what: Matter
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class TakenBack(_Event):
    """The last moves of the game, so many, count as not made."""

    kind = "taken_back"
    count: int


@dataclass(frozen=True, slots=True)
class Said(_Event):
    """``by`` said something, from a seat or (None) watching, on that date (seconds since 1970)."""

    kind = "said"
    seat: Seat | None
    text: str
    date: int


@dataclass(frozen=True, slots=True)
class Closed(_Event):
    """The room is closed for good."""

    kind = "closed"


Event = (
    Created
    | Seated
    | Watched
    | Returned
    | Left
    | Removed
    | Locked
    | Selecting
    | Proposed
    | Agreed
    | Started
    | Moved
    | Finished
    | RematchWanted
    | RematchDeclined
    | Offered
    | Declined
    | TakenBack
    | Said
    | Closed
)
