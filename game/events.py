"""What happened in a room: immutable facts, and their plain form for disk and wire.

Every event names who caused it and with which request, so that a retry is known wherever the events are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from game.errors import InvalidArgument
from game.rules import SEATS, Seat


@dataclass(frozen=True, slots=True)
class _Event:
    kind: ClassVar[str]
    by: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Created(_Event):
    """The room is open; ``by`` owns it."""

    kind = "created"
    room_id: str
    title: str
    game: str
    options: Mapping[str, object]


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
    """``by`` went; a player's seat stays the player's."""

    kind = "left"


@dataclass(frozen=True, slots=True)
class Started(_Event):
    """A game begins: who has which seat, and which game of the series it is, from 1."""

    kind = "started"
    seat_x: str
    seat_o: str
    number: int


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
    termination: Literal["line", "full", "resigned"]
    winner: Seat | None
    line: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RematchWanted(_Event):
    """The player on that seat would play again."""

    kind = "rematch_wanted"
    seat: Seat


@dataclass(frozen=True, slots=True)
class Closed(_Event):
    """The room is closed for good."""

    kind = "closed"


Event = Created | Seated | Watched | Returned | Left | Started | Moved | Finished | RematchWanted | Closed


def to_plain(event: Event) -> dict[str, object]:
    """The event as a new dictionary of what JSON and msgpack know: texts, whole numbers, None, lists, dictionaries."""
    _, shape = _SHAPES[event.kind]
    plain: dict[str, object] = {"kind": event.kind}
    for name in shape:
        plain[name] = getattr(event, name)
    if isinstance(event, Finished):
        plain["line"] = list(event.line)
    elif isinstance(event, Created):
        plain["options"] = dict(event.options)
    return plain


def from_plain(plain: object) -> Event:
    """The event of a plain form; unknown fields are ignored. Raises InvalidArgument for anything else."""
    if not isinstance(plain, Mapping):
        raise InvalidArgument("an event is a dictionary")
    kind = plain.get("kind")
    if not isinstance(kind, str) or kind not in _SHAPES:
        raise InvalidArgument("unknown kind of event")
    make, shape = _SHAPES[kind]
    return make(**{name: read(_field(plain, name), name) for name, read in shape.items()})


_Read = Callable[[object, str], object]


def _field(plain: Mapping[str, object], name: str) -> object:
    if name not in plain:
        raise InvalidArgument(f"the event has no {name}")
    return plain[name]


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not (value.isascii() or _is_unicode(value)):
        raise InvalidArgument(f"{name} must be a text")
    return value


def _is_unicode(text: str) -> bool:
    """Whether it can be written: a lone half of a surrogate pair has no UTF-8, so neither disk nor wire take it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _whole(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise InvalidArgument(f"{name} must be a whole number from 0")
    return value


def _seat(value: object, name: str) -> object:
    if value not in SEATS:
        raise InvalidArgument(f"{name} must be X or O")
    return value


def _seat_or_none(value: object, name: str) -> object:
    return None if value is None else _seat(value, name)


def _termination(value: object, name: str) -> object:
    if value not in ("line", "full", "resigned"):
        raise InvalidArgument(f"{name} must be line, full or resigned")
    return value


def _cells(value: object, name: str) -> tuple[int, ...]:
    if not isinstance(value, (list, tuple)):
        raise InvalidArgument(f"{name} must be a list")
    return tuple(_whole(cell, name) for cell in value)


def _options(value: object, name: str) -> object:
    if not isinstance(value, Mapping):
        raise InvalidArgument(f"{name} must be a dictionary")
    return _simple(value, name)


def _simple(value: object, name: str, depth: int = 0) -> object:
    """What JSON and msgpack both know; what it means as a move or an option, the rules know."""
    if value is None or isinstance(value, bool) or (isinstance(value, str) and _is_unicode(value)):
        return value
    if isinstance(value, int) and -_LARGEST <= value <= _LARGEST:
        return value
    if depth < _DEEPEST:
        if isinstance(value, (list, tuple)):
            return [_simple(item, name, depth + 1) for item in value]
        if isinstance(value, Mapping) and all(isinstance(key, str) and _is_unicode(key) for key in value):
            return {key: _simple(item, name, depth + 1) for key, item in value.items()}
    raise InvalidArgument(
        f"{name} must be made of texts, whole numbers, lists and dictionaries, {_DEEPEST} deep at most"
    )


_LARGEST = (1 << 63) - 1
"""What every reader of msgpack takes for a whole number."""
_DEEPEST = 4
_ALWAYS: dict[str, _Read] = {"by": _text, "request_id": _text}
_SHAPES: dict[str, tuple[Callable[..., Event], dict[str, _Read]]] = {
    make.kind: (make, {**_ALWAYS, **shape})
    for make, shape in (
        (Created, {"room_id": _text, "title": _text, "game": _text, "options": _options}),
        (Seated, {"seat": _seat}),
        (Watched, {}),
        (Returned, {}),
        (Left, {}),
        (Started, {"seat_x": _text, "seat_o": _text, "number": _whole}),
        (Moved, {"seat": _seat, "move": _simple}),
        (Finished, {"termination": _termination, "winner": _seat_or_none, "line": _cells}),
        (RematchWanted, {"seat": _seat}),
        (Closed, {}),
    )
}
