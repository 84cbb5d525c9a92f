"""Rooms, whole: the one place from which others take what they need of them."""

from game.decisions import LONGEST_TITLE, decide
from game.events import Event, from_plain, to_plain
from game.room import Answer, Room, answer_now, answer_to, evolve, nothing
from game.snapshots import decode, encode
from game.views import summary, view

__all__ = [
    "LONGEST_TITLE",
    "Answer",
    "Event",
    "Room",
    "answer_now",
    "answer_to",
    "decide",
    "decode",
    "encode",
    "evolve",
    "from_plain",
    "nothing",
    "summary",
    "to_plain",
    "view",
]
