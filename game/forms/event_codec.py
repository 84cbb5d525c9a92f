"""The plain form of events, for disk and wire. Every event that was written can be read; other data is refused.

Fields that older logs lack get their defaults. Any other missing field is an error. Unknown fields are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from game.errors import InvalidArgument
from game.match.offers import MATTERS
from game.plain_values import Read, list_of, one_of, options, or_none, simple, text, whole, yes_or_no
from game.rooms import events
from game.rooms.events import Event
from game.rules import SEATS, TERMINATIONS


def to_plain(event: Event) -> dict[str, object]:
    """Return the event as a new dictionary of plain values: texts, whole numbers, None, lists, dictionaries."""
    plain: dict[str, object] = {"kind": event.kind}
    for name in _NAMES[event.kind]:
        value = getattr(event, name)
        if isinstance(value, tuple):
            value = list(value)
        elif isinstance(value, Mapping):
            value = dict(value)
        plain[name] = value
    return plain


def from_plain(plain: object) -> Event:
    """Return the event of a plain form. Ignores unknown fields. Raises InvalidArgument for any other value."""
    if not isinstance(plain, Mapping):
        raise InvalidArgument("an event is a dictionary")
    kind = plain.get("kind")
    if not isinstance(kind, str) or kind not in _SHAPES:
        raise InvalidArgument("unknown kind of event")
    make, shape = _SHAPES[kind]
    given: dict[str, Any] = {}
    for name, read in shape.items():
        if name in plain:
            given[name] = read(plain[name], name)
        elif name != "at" and name not in LATER.get(kind, ()):
            raise InvalidArgument(f"the event has no {name}")
    return make(**given)


_seat = one_of(*SEATS)
_what = one_of(*MATTERS)
_ALWAYS: dict[str, Read] = {"by": text, "request_id": text, "at": whole}
_CREATED: dict[str, Read] = {
    "room_id": text,
    "title": text,
    "game": text,
    "options": options,
    "best_of": whole,
    "clock": text,
    "code": text,
    "rated": yes_or_no,
    "bots": list_of(text),
}
_TERMS: dict[str, Read] = {"board": text, "best_of": whole, "clock": text}
_SHAPES: dict[str, tuple[Callable[..., Event], dict[str, Read]]] = {
    make.kind: (make, {**_ALWAYS, **shape})
    for make, shape in (
        (events.Created, _CREATED),
        (events.Seated, {"seat": _seat}),
        (events.Watched, {}),
        (events.Returned, {}),
        (events.Left, {"unseen_ms": whole}),
        (events.Removed, {"name": text}),
        (events.Locked, {"on": yes_or_no}),
        (
            events.Selecting,
            {"boards": list_of(text), "best_ofs": list_of(whole), "clocks": list_of(text), "until": whole},
        ),
        (events.Proposed, {"seat": _seat, **_TERMS}),
        (events.Agreed, {"options": options, "lot": or_none(whole), **_TERMS}),
        (events.Started, {"seat_x": text, "seat_o": text, "number": whole, "date": whole}),
        (events.Moved, {"seat": _seat, "move": simple}),
        (
            events.Finished,
            {"termination": one_of(*TERMINATIONS), "winner": or_none(_seat), "line": list_of(whole)},
        ),
        (events.RematchWanted, {"seat": _seat}),
        (events.RematchDeclined, {"seat": _seat}),
        (events.Offered, {"seat": _seat, "what": _what}),
        (events.Declined, {"seat": _seat, "what": _what, "withdrawn": yes_or_no}),
        (events.TakenBack, {"count": whole}),
        (events.Said, {"seat": or_none(_seat), "text": text, "date": whole}),
        (events.Closed, {}),
    )
}
_NAMES = {kind: tuple(shape) for kind, (_, shape) in _SHAPES.items()}
LATER: Mapping[str, frozenset[str]] = {
    "created": frozenset({"best_of", "clock", "code", "rated", "bots"}),
    "started": frozenset({"date"}),
    "left": frozenset({"unseen_ms"}),
}
"""The fields, besides ``at``, that events of older logs lack."""
