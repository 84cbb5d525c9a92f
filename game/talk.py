"""What is said in a room: lines, with limits on their length and how often they come. Pure.

The last lines are kept, for who comes later. Everybody is served the same; whom somebody would rather not read is their
own affair, and their window's.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from game.errors import InvalidArgument, TooOften
from game.rules import Seat

LONGEST_LINE = 200
KEPT_LINES = 50
RATE_MS = 10_000
LINES_OF_ONE = 5
"""Lines of one person within ``RATE_MS``."""
LINES_OF_WATCHERS = 20
"""Lines of all who watch within ``RATE_MS``: players can still be read."""
_JOINERS = "\u200c\u200d"
"""Invisible, but letters of some scripts and many emoji are made with them."""
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and a sign that look like spaces: fillers of Hangul, and the empty cell of Braille."""


class Line(NamedTuple):
    """Who said what, from which seat (None: watching), when by service time and by date (seconds since 1970)."""

    version: int
    by: str
    seat: Seat | None
    text: str
    at: int
    date: int


Talk = tuple[Line, ...]
"""The last lines, oldest first."""


def clean(text: object) -> str:
    """What somebody said without what is no text: control characters, directions, surrogates; white space is single
    spaces. Raises InvalidArgument when nothing is left that can be seen, or more than 200 characters.
    """
    kept = "".join(c for c in text if _is_text(c)) if isinstance(text, str) else ""
    said = unicodedata.normalize("NFC", " ".join(kept.split()))
    if len(said) > LONGEST_LINE or not any(_is_seen(c) for c in said):
        raise InvalidArgument(f"text must have 1 to {LONGEST_LINE} characters that can be seen")
    return said


def _is_text(c: str) -> bool:
    return c.isspace() or c in _JOINERS or not unicodedata.category(c).startswith("C")


def _is_seen(c: str) -> bool:
    return unicodedata.category(c)[0] not in "CMZ" and c not in _BLANK


def check_rate(talk: Talk, by: str, seat: Seat | None, at: int) -> None:
    """Raise TooOften when somebody has said enough for now."""
    lately = [line for line in talk if line.at > at - RATE_MS]
    if sum(line.by == by for line in lately) >= LINES_OF_ONE:
        raise TooOften("you have said much: wait some seconds")
    if seat is None and sum(line.seat is None for line in lately) >= LINES_OF_WATCHERS:
        raise TooOften("many who watch are talking: wait some seconds")


def said(talk: Talk, line: Line) -> Talk:
    """With one line more."""
    return (*talk[1 - KEPT_LINES :], line)
