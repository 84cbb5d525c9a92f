"""What a decision needs from the world outside, handed in: the time, chance, the date, and the limits of the settings.

*Service time* is milliseconds that a main server was in office, from the cluster's first start on. It stands still
while nobody is, so nobody is charged for a takeover, and it is one time for all main servers, whatever their machines'
clocks say. It never goes back.
"""

from __future__ import annotations

from typing import NamedTuple

CHANCE_BITS = 63
"""So many, since chance is written into events, and what reads them takes no larger whole numbers."""


class Context(NamedTuple):
    """When something is decided. ``at``: service time in ms. ``chance``: ``CHANCE_BITS`` random bits. ``date``: seconds
    since 1970, for people to read; nothing is decided by it. ``draining``: the cluster is being emptied.
    """

    at: int = 0
    chance: int = 0
    date: int = 0
    draining: bool = False


class Limits(NamedTuple):
    """``people``: in one room. ``claim_after_ms``: how long a player is away before the opponent may claim the game."""

    people: int = 1500
    claim_after_ms: int = 60_000
