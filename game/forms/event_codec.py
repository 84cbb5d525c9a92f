"""The plain form of events, for disk and wire. Every event that was written can be read; other data is refused."""

from __future__ import annotations

from operator import attrgetter
from types import NoneType
from typing import Any, get_args

from msgspec.json import decode

from game.plain_values import Form, as_json
from game.rooms.events import Event


class _EventForm(Form[Event]):
    """Writes ``at`` after ``request_id``, where events have always had it. In ``events`` it is last, with a default."""

    def to_json(self, value: Event) -> str:
        return as_json(_in_order(value)).decode()

    def to_plain(self, value: Event) -> dict[str, Any]:
        plain = _in_order(value)
        for name, part in plain.items():
            if not isinstance(part, _SCALARS):
                plain[name] = decode(as_json(part))
        return plain


def _in_order(event: Event) -> dict[str, Any]:
    names, values = _WRITTEN[type(event)]
    return dict(zip(names, values(event), strict=True))


_KINDS: tuple[type[Event], ...] = get_args(Event)
_NAMES = {kind: ("kind", "by", "request_id", "at", *kind.__struct_fields__[2:-1]) for kind in _KINDS}
_WRITTEN = {kind: (names, attrgetter(*names)) for kind, names in _NAMES.items()}

_SCALARS = (str, int, NoneType)

EVENTS = _EventForm(*_KINDS)
to_plain, from_plain = EVENTS.to_plain, EVENTS.from_plain
