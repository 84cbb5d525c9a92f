"""Rooms, whole: the one place from which others take what they need of them."""

from game.decisions import decide
from game.entrance import LONGEST_TITLE, check_may_see
from game.event_forms import from_plain, to_plain
from game.events import Event
from game.evolution import evolve
from game.requests import Answer
from game.room import Room, answer_now, answer_to, nothing
from game.snapshots import decode, encode
from game.views import summary, talk, view

__all__ = [
    "LONGEST_TITLE",
    "Answer",
    "Event",
    "Room",
    "answer_now",
    "answer_to",
    "check_may_see",
    "decide",
    "decode",
    "encode",
    "evolve",
    "from_plain",
    "nothing",
    "summary",
    "talk",
    "to_plain",
    "view",
]
