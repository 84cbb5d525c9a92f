"""The events of a room: immutable facts. ``event_codec`` has their plain form for disk and wire.

Each event has the user and the request id that caused it, so that every copy of the events recognizes a retry. ``at``
is its service time (see ``moment``), where something depends on it.
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
    """The room is open; ``by`` owns it. ``best_of``: 0 for games without end.

    ``code``: the invite code of a private room, else empty. ``rated``: whether its games count for ratings. ``bots``:
    players that are programs.
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
    """``by`` took a free seat and owns it from now on."""

    kind = "seated"
    seat: Seat


@dataclass(frozen=True, slots=True)
class Watched(_Event):
    """``by`` entered as a spectator."""

    kind = "watched"


@dataclass(frozen=True, slots=True)
class Returned(_Event):
    """``by`` returned to the own seat."""

    kind = "returned"


@dataclass(frozen=True, slots=True)
class Left(_Event):
    """``by`` left, and was last seen ``unseen_ms`` ms before. A player keeps the seat."""

    kind = "left"
    unseen_ms: int = 0


@dataclass(frozen=True, slots=True)
class Removed(_Event):
    """``by``, the room's owner, removed a spectator. ``name`` cannot come back."""

    kind = "removed"
    name: str


@dataclass(frozen=True, slots=True)
class Locked(_Event):
    """New spectators cannot enter; if ``on`` is false, they can again."""

    kind = "locked"
    on: bool


@dataclass(frozen=True, slots=True)
class Selecting(_Event):
    """A match began. Until the service time ``until`` its players propose what to play, from these lists."""

    kind = "selecting"
    boards: tuple[str, ...]
    best_ofs: tuple[int, ...]
    clocks: tuple[str, ...]
    until: int


@dataclass(frozen=True, slots=True)
class Proposed(_Event):
    """The player on that seat proposed this."""

    kind = "proposed"
    seat: Seat
    board: str
    best_of: int
    clock: str


@dataclass(frozen=True, slots=True)
class Agreed(_Event):
    """What is going to be played. ``lot``: the random number that decided it; None when both proposed the same."""

    kind = "agreed"
    board: str
    options: Mapping[str, object]
    best_of: int
    clock: str
    lot: int | None


@dataclass(frozen=True, slots=True)
class Started(_Event):
    """A game began. ``number``: which game of the room, from 1. ``date``: seconds since 1970."""

    kind = "started"
    seat_x: str
    seat_o: str
    number: int
    date: int = 0


@dataclass(frozen=True, slots=True)
class Moved(_Event):
    """A seat made a legal move."""

    kind = "moved"
    seat: Seat
    move: object


@dataclass(frozen=True, slots=True)
class Finished(_Event):
    """The game is over. ``winner`` is a seat; None after a draw or an abort."""

    kind = "finished"
    termination: Termination
    winner: Seat | None
    line: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RematchWanted(_Event):
    """The player on that seat offered a rematch."""

    kind = "rematch_wanted"
    seat: Seat


@dataclass(frozen=True, slots=True)
class RematchDeclined(_Event):
    """The player on that seat declined the rematch or withdrew the offer."""

    kind = "rematch_declined"
    seat: Seat


@dataclass(frozen=True, slots=True)
class Offered(_Event):
    """The player on that seat offered a draw, a takeback or an abort."""

    kind = "offered"
    seat: Seat
    what: Matter


@dataclass(frozen=True, slots=True)
class Declined(_Event):
    """The offer of that seat has ended: the opponent declined it or, if ``withdrawn``, that player withdrew it."""

    kind = "declined"
    seat: Seat
    what: Matter
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class TakenBack(_Event):
    """The last ``count`` moves of the game were taken back."""

    kind = "taken_back"
    count: int


@dataclass(frozen=True, slots=True)
class Said(_Event):
    """``by`` wrote a chat line. ``seat``: None for a spectator. ``date``: seconds since 1970."""

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
