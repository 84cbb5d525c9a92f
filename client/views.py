"""Rooms as values, decoded from the servers' answers. Unknown fields are ignored; a missing field is an error."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import Struct

from game.errors import InvalidArgument, InvariantBroken
from game.forms import public_state
from game.forms.room_view import View
from game.match.selection import Choices, Proposal
from game.plain_values import convert
from game.rooms.chat import Line
from game.rooms.state import Room
from wire.errors import ProtocolMismatch

T = TypeVar("T")


class Row(Struct, frozen=True):
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
    as_they_are = {name: getattr(view, name) for name in Row.__struct_fields__ if name != "players"}
    return Row(players=players, **as_they_are)
