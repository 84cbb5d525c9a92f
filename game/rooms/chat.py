"""The chat of a room: lines, with limits on their length and rate. Pure.

The last lines are kept for people who enter later. All people receive the same lines. The window of each person hides
the lines of people whom that person has muted.
"""

from __future__ import annotations

from typing import NamedTuple

from game.errors import TooOften, require
from game.free_text import can_be_seen, readable
from game.rules import Seat

LONGEST_LINE = 200
KEPT_LINES = 50
"""The most lines that a room keeps."""
RATE_MS = 10_000
LINES_OF_PERSON = 5
"""The most lines of one person within ``RATE_MS``."""
LINES_OF_SPECTATORS = 20
"""The most lines of all spectators within ``RATE_MS``. The limit keeps the players' lines visible."""


class Line(NamedTuple):
    """A chat line. ``version``: of its event. ``seat``: the writer's; None for a spectator. ``at``: service time in ms.

    ``date``: seconds since 1970.
    """

    version: int
    by: str
    seat: Seat | None
    text: str
    at: int
    date: int


Talk = tuple[Line, ...]
"""The last lines, oldest first."""


def clean(text: object) -> str:
    """Return a chat line without characters that are not text (see ``free_text``).

    Raises InvalidArgument when nothing visible is left, or more than LONGEST_LINE characters.
    """
    said = readable(text) if isinstance(text, str) else ""
    fits = len(said) <= LONGEST_LINE and can_be_seen(said)
    require(fits, f"text must have 1 to {LONGEST_LINE} visible characters")
    return said


def check_rate(talk: Talk, by: str, seat: Seat | None, at: int) -> None:
    """Raise TooOften when the person, or all spectators together, reached the rate limit."""
    lately = [line for line in talk if line.at > at - RATE_MS]
    if sum(line.by == by for line in lately) >= LINES_OF_PERSON:
        raise TooOften("you have sent many messages: wait some seconds")
    if seat is None and sum(line.seat is None for line in lately) >= LINES_OF_SPECTATORS:
        raise TooOften("the spectators have sent many messages: wait some seconds")


def said(talk: Talk, line: Line) -> Talk:
    """Return the chat with one line more. Drops the oldest line beyond KEPT_LINES."""
    return (*talk[1 - KEPT_LINES :], line)
