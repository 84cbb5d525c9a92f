"""Commands to a room. ``by`` is the checked username. By ``request_id`` a retry is recognized.

All other fields can have any value: ``decide`` checks them. The servers make commands; commands are not stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from game.games.selection import Choices

SYSTEM = ""
"""The username of commands from the system itself. No person can have it."""
SYSTEM_REQUESTS = "house-"
"""Prefix of the request ids of the system's commands. The system also commands for a user, such as Leave after a long
absence."""


@dataclass(frozen=True, slots=True)
class _Command:
    by: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Create(_Command):
    """Open a room. The caller owns it. ``code``: an invite code that the servers made; empty for a public room."""

    title: object
    game: str
    options: object
    best_of: object = 0
    clock: object = "none"
    code: str = ""


@dataclass(frozen=True, slots=True)
class Match(_Command):
    """Open a room for two matched players; the first has X.

    ``bots``: players that are programs. Only the system sends this.
    """

    game: str
    players: tuple[str, str]
    choices: Choices
    rated: bool
    bots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Join(_Command):
    """Take a seat, return to the own seat, or watch. Without a free seat, the caller becomes a spectator."""

    role: Literal["player", "spectator"]
    code: str = ""


@dataclass(frozen=True, slots=True)
class Leave(_Command):
    """Leave the room. A player keeps the seat. ``unseen_ms``: how long ago the servers last saw the person, in ms."""

    unseen_ms: int = 0


@dataclass(frozen=True, slots=True)
class Lock(_Command):
    """Admit no new spectators, or admit them again if ``on`` is false."""

    on: bool


@dataclass(frozen=True, slots=True)
class Remove(_Command):
    """Remove a spectator for good."""

    name: str


@dataclass(frozen=True, slots=True)
class Propose(_Command):
    """Propose what to play while the players of a match select it."""

    proposal: object


@dataclass(frozen=True, slots=True)
class Move(_Command):
    """Make a move. The rules check the value."""

    move: object


@dataclass(frozen=True, slots=True)
class Resign(_Command):
    """Resign the running game."""


@dataclass(frozen=True, slots=True)
class ClaimGame(_Command):
    """End a game with an absent opponent, as a win or a draw."""

    result: object


@dataclass(frozen=True, slots=True)
class Rematch(_Command):
    """Offer the next game, with seats swapped. It starts when both players offer it."""


@dataclass(frozen=True, slots=True)
class Offer(_Command):
    """Make an offer to the opponent. An offer equal to the opponent's offer accepts it."""

    what: object


@dataclass(frozen=True, slots=True)
class Accept(_Command):
    """Accept the opponent's offer."""

    what: object


@dataclass(frozen=True, slots=True)
class Decline(_Command):
    """Decline the opponent's offer or a rematch, or withdraw the own offer."""

    what: object


@dataclass(frozen=True, slots=True)
class Say(_Command):
    """Write a chat line to all in the room."""

    text: object


@dataclass(frozen=True, slots=True)
class Due(_Command):
    """Apply what is due by now: draw lots, let a flag fall, start the next game. Only the system sends this."""


@dataclass(frozen=True, slots=True)
class Close(_Command):
    """Close the room for good."""


Command = (
    Create
    | Match
    | Join
    | Leave
    | Lock
    | Remove
    | Propose
    | Move
    | Resign
    | ClaimGame
    | Rematch
    | Offer
    | Accept
    | Decline
    | Say
    | Due
    | Close
)
