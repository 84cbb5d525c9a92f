"""What somebody asks of a room. ``by`` is the username, which has been checked; ``request_id`` makes a retry known.

All else may be anything: ``decisions`` checks it. The servers make commands; nothing keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
    """Open the room; who asks owns it."""

    title: object
    game: str
    options: object


@dataclass(frozen=True, slots=True)
class Join(_Command):
    """Take a seat, come back to one's own, or watch; who finds no free seat watches."""

    role: Literal["player", "spectator"]


@dataclass(frozen=True, slots=True)
class Leave(_Command):
    """Go: a player's seat stays the player's."""


@dataclass(frozen=True, slots=True)
class Move(_Command):
    """Play; what a move is, the rules know."""

    move: object


@dataclass(frozen=True, slots=True)
class Resign(_Command):
    """Give the running game up."""


@dataclass(frozen=True, slots=True)
class Rematch(_Command):
    """Wish for another game, with seats swapped; it starts when both do."""


@dataclass(frozen=True, slots=True)
class Close(_Command):
    """Close the room for good."""


Command = Create | Join | Leave | Move | Resign | Rematch | Close
