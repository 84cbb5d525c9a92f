"""A series: best of a number of games, or games without end. Pure arithmetic on wins and draws."""

from __future__ import annotations

from collections.abc import Mapping

from game.errors import InvalidArgument

ENDLESS = 0
"""The ``best_of`` of games without end."""
LONGEST_SERIES = 15
"""The most games of a series."""


def check_best_of(value: object) -> int:
    """Return the length of a series: 0 for no end, else an odd number up to 15. Raises InvalidArgument."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not (value == ENDLESS or (0 < value <= LONGEST_SERIES and value % 2)):  # type: ignore[operator]
        raise InvalidArgument(f"best_of must be 0 (no end) or an odd number up to {LONGEST_SERIES}")
    return value  # type: ignore[return-value]  # a whole number, as was just checked


def is_over(best_of: int, wins: Mapping[str, int], draws: int) -> bool:
    """Return whether the winner is decided: all games are played, or the lead exceeds the games left."""
    if best_of == ENDLESS:
        return False
    most, second = [*sorted(wins.values(), reverse=True), 0, 0][:2]
    to_come = best_of - (sum(wins.values()) + draws)
    return to_come <= 0 or most - second > to_come


def winner(wins: Mapping[str, int]) -> str | None:
    """Return the player with more wins than the other; None when both have the same number."""
    ranked = sorted(wins, key=wins.__getitem__, reverse=True)
    if not ranked or (len(ranked) > 1 and wins[ranked[0]] == wins[ranked[1]]):
        return None
    return ranked[0]
