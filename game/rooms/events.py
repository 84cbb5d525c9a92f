"""The events of a room: immutable facts. ``event_codec`` has their plain form for disk and wire.

Each event has the user and the request id that caused it, so that every copy of the events recognizes a retry. ``at``
is its service time (see ``context``), where something depends on it. A field that is added needs a default, because
older logs lack it.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from game.match.offers import OfferKind
from game.plain_values import Options, Simple, Whole
from game.rules import Seat, Termination


class _Kind:
    """The name of an event's class in its plain form, as an attribute of the class and of the event."""

    def __get__(self, _event: object, kind: type[_Event]) -> str:
        return str(kind.__struct_config__.tag)


class _At(Struct, frozen=True, kw_only=True, tag_field="kind", gc=False):
    at: Whole = 0


class _Event(_At, frozen=True, gc=False):
    kind: ClassVar = _Kind()
    by: str
    request_id: str


class Created(_Event, frozen=True, tag="created"):
    """The room is open; ``by`` owns it. ``best_of``: 0 for games without end.

    ``code``: the invite code of a private room, else empty. ``rated``: whether its games count for ratings. ``bots``:
    players that are programs.
    """

    room_id: str
    title: str
    game: str
    options: Options
    best_of: Whole = 0
    clock: str = "none"
    code: str = ""
    rated: bool = False
    bots: tuple[str, ...] = ()


class Seated(_Event, frozen=True, tag="seated"):
    """``by`` took a free seat and owns it from now on."""

    seat: Seat


class Watched(_Event, frozen=True, tag="watched"):
    """``by`` entered as a spectator."""


class Returned(_Event, frozen=True, tag="returned"):
    """``by`` returned to the own seat."""


class Left(_Event, frozen=True, tag="left"):
    """``by`` left, and was last seen ``unseen_ms`` ms before. A player keeps the seat."""

    unseen_ms: Whole = 0


class Removed(_Event, frozen=True, tag="removed"):
    """``by``, the room's owner, removed a spectator. ``name`` cannot come back."""

    name: str


class Locked(_Event, frozen=True, tag="locked"):
    """New spectators cannot enter; if ``on`` is false, they can again."""

    on: bool


class Selecting(_Event, frozen=True, tag="selecting"):
    """A match began. Until the service time ``until`` its players propose what to play, from these lists."""

    boards: tuple[str, ...]
    best_ofs: tuple[Whole, ...]
    clocks: tuple[str, ...]
    until: Whole


class Proposed(_Event, frozen=True, tag="proposed"):
    """The player on that seat proposed this."""

    seat: Seat
    board: str
    best_of: Whole
    clock: str


class Agreed(_Event, frozen=True, tag="agreed"):
    """What is going to be played. ``lot``: the random number that decided it; None when both proposed the same."""

    options: Options
    lot: Whole | None
    board: str
    best_of: Whole
    clock: str


class Started(_Event, frozen=True, tag="started"):
    """A game began. ``number``: which game of the room, from 1. ``date``: seconds since 1970."""

    seat_x: str
    seat_o: str
    number: Whole
    date: Whole = 0


class Moved(_Event, frozen=True, tag="moved"):
    """A seat made a legal move."""

    seat: Seat
    move: Simple


class Finished(_Event, frozen=True, tag="finished"):
    """The game is over. ``winner`` is a seat; None after a draw or an abort."""

    termination: Termination
    winner: Seat | None
    line: tuple[Whole, ...]


class RematchWanted(_Event, frozen=True, tag="rematch_wanted"):
    """The player on that seat offered a rematch."""

    seat: Seat


class RematchDeclined(_Event, frozen=True, tag="rematch_declined"):
    """The player on that seat declined the rematch or withdrew the offer."""

    seat: Seat


class Offered(_Event, frozen=True, tag="offered"):
    """The player on that seat offered a draw, a takeback or an abort."""

    seat: Seat
    what: OfferKind


class Declined(_Event, frozen=True, tag="declined"):
    """The offer of that seat has ended: the opponent declined it or, if ``withdrawn``, that player withdrew it."""

    seat: Seat
    what: OfferKind
    withdrawn: bool


class TakenBack(_Event, frozen=True, tag="taken_back"):
    """The last ``count`` moves of the game were taken back."""

    count: Whole


class Said(_Event, frozen=True, tag="said"):
    """``by`` wrote a chat line. ``seat``: None for a spectator. ``date``: seconds since 1970."""

    seat: Seat | None
    text: str
    date: Whole


class Closed(_Event, frozen=True, tag="closed"):
    """The room is closed for good."""


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
