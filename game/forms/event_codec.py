"""The plain form of events, for disk and wire. Every event that was written can be read; other data is refused."""

from __future__ import annotations

from operator import attrgetter
from typing import get_args

from game.plain_values import Form, as_json
from game.rooms.events import Event


class _EventForm(Form[Event]):
    """Writes ``at`` third, where events have always had it. ``events`` has it last, because it has a default."""

    def to_json(self, value: Event) -> str:
        names, values = _WRITTEN[type(value)]
        return as_json(dict(zip(names, values(value), strict=True))).decode()


_KINDS: tuple[type[Event], ...] = get_args(Event)
_NAMES = {kind: ("kind", "by", "request_id", "at", *kind.__struct_fields__[2:-1]) for kind in _KINDS}
_WRITTEN = {kind: (names, attrgetter(*names)) for kind, names in _NAMES.items()}

EVENTS = _EventForm(*_KINDS)
to_plain, from_plain = EVENTS.to_plain, EVENTS.from_plain
