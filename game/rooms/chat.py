"""What is said in a room: lines, with limits on their length and how often they come. Pure.

The last lines are kept, for who comes later. Everybody is served the same; whom somebody would rather not read is their
own affair, and their window's.
"""

from __future__ import annotations

from typing import NamedTuple

from game.errors import InvalidArgument, TooOften
from game.free_text import can_be_seen, readable
from game.rules import Seat

LONGEST_LINE = 200
KEPT_LINES = 50
RATE_MS = 10_000
LINES_OF_ONE = 5
"""Lines of one person within ``RATE_MS``."""
LINES_OF_WATCHERS = 20
"""Lines of all who watch within ``RATE_MS``: players can still be read."""


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
    """What somebody said, without what is no text (``free_text``). Raises InvalidArgument when nothing is left that can
    be seen, or more than 200 characters.
    """
    said = readable(text) if isinstance(text, str) else ""
    if len(said) > LONGEST_LINE or not can_be_seen(said):
        raise InvalidArgument(f"text must have 1 to {LONGEST_LINE} characters that can be seen")
    return said


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
