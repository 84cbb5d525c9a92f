"""The plain form of events, for disk and wire. Every event that was written can be read; other data is refused."""

from __future__ import annotations

from typing import get_args

from game.plain_values import Form
from game.rooms.events import Event

EVENTS: Form[Event] = Form(*get_args(Event))
to_plain, from_plain = EVENTS.to_plain, EVENTS.from_plain
