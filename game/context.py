"""The inputs of a decision from outside: time, randomness, date and the limits of the settings.

*Service time* is the milliseconds during which a main server was the primary, counted from the cluster's first start.
It stands still while there is no primary, so a takeover costs no player any time. It is the same for all main servers,
whatever their machines' clocks show. During a term it never goes back.
"""

from __future__ import annotations

from typing import NamedTuple

CHANCE_BITS = 63
"""Number of random bits in a ``Context``. Events contain them, and readers of events accept no larger whole numbers."""


class Context(NamedTuple):
    """The inputs of one decision. ``at``: service time in ms. ``chance``: ``CHANCE_BITS`` random bits.

    ``date``: seconds since 1970, for people to read; no decision depends on it. ``draining``: whether the cluster
    drains.
    """

    at: int = 0
    chance: int = 0
    date: int = 0
    draining: bool = False


class Limits(NamedTuple):
    """Limits of the settings. ``people``: most people in one room.

    ``claim_after_ms``: how long a player must be away before the opponent can claim the game, in ms.
    """

    people: int = 1500
    claim_after_ms: int = 60_000
