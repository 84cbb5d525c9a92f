"""What somebody asks of a room. ``by`` is the username, which has been checked; ``request_id`` makes a retry known.

All else may be anything: ``decide`` checks it. The servers make commands; nothing keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from game.games.selection import Choices

HOUSE = ""
"""The name under which the servers themselves command: nobody can have it."""
HOUSE_REQUESTS = "house-"
"""How the request ids begin with which servers command, also on somebody's behalf: who is not seen for long leaves."""


@dataclass(frozen=True, slots=True)
class _Command:
    by: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Create(_Command):
    """Open the room; who asks owns it. ``code``: an invite code, which the servers made, or empty for everybody."""

    title: object
    game: str
    options: object
    best_of: object = 0
    clock: object = "none"
    code: str = ""


@dataclass(frozen=True, slots=True)
class Match(_Command):
    """Open the room for these two, who asked for a match: the first begins. ``bots``: who of them is none of the
    people. Only the servers do.
    """

    game: str
    players: tuple[str, str]
    choices: Choices
    rated: bool
    bots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Join(_Command):
    """Take a seat, come back to one's own, or watch; who finds no free seat watches."""

    role: Literal["player", "spectator"]
    code: str = ""


@dataclass(frozen=True, slots=True)
class Leave(_Command):
    """Go: a player's seat stays the player's. ``unseen_ms``: how long ago the servers saw who they say is gone."""

    unseen_ms: int = 0


@dataclass(frozen=True, slots=True)
class Lock(_Command):
    """Let nobody more in to watch; or, if not ``on``, again."""

    on: bool


@dataclass(frozen=True, slots=True)
class Remove(_Command):
    """Send somebody away who watches, for good."""

    name: str


@dataclass(frozen=True, slots=True)
class Propose(_Command):
    """Say what one would play, while that is being selected."""

    proposal: object


@dataclass(frozen=True, slots=True)
class Move(_Command):
    """Play; what a move is, the rules know."""

    move: object


@dataclass(frozen=True, slots=True)
class Resign(_Command):
    """Give the running game up."""


@dataclass(frozen=True, slots=True)
class ClaimGame(_Command):
    """End the game that the opponent stays away from, as a win or a draw."""

    result: object


@dataclass(frozen=True, slots=True)
class Rematch(_Command):
    """Wish for the next game, with seats swapped; it starts when both do."""


@dataclass(frozen=True, slots=True)
class Offer(_Command):
    """Offer the other player something; who was offered the same accepts it so."""

    what: object


@dataclass(frozen=True, slots=True)
class Accept(_Command):
    """Accept what the other player offers."""

    what: object


@dataclass(frozen=True, slots=True)
class Decline(_Command):
    """Decline what the other player offers, or a rematch; or take the own offer back."""

    what: object


@dataclass(frozen=True, slots=True)
class Say(_Command):
    """Say something to all in the room."""

    text: object


@dataclass(frozen=True, slots=True)
class Due(_Command):
    """Do what time asks for: draw lots, let a flag fall, start the next game. Only the servers do."""


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
