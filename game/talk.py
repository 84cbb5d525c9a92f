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
    spaces. Raises InvalidArgument when nothing is left, or more than 200 characters.
    """
    if not isinstance(text, str):
        raise InvalidArgument("text must be a text")
    spaced = " ".join("".join(c if c.isprintable() or c in _JOINERS else " " for c in text if _shown(c)).split())
    said = unicodedata.normalize("NFC", spaced)
    if not said.strip(_JOINERS) or len(said) > LONGEST_LINE:
        raise InvalidArgument(f"text must have 1 to {LONGEST_LINE} characters")
    return said


def _shown(c: str) -> bool:
    category = unicodedata.category(c)
    return c.isspace() or c in _JOINERS or not category.startswith("C")


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
