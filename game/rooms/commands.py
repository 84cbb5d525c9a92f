"""Commands to a room. ``by`` is the checked username. By ``request_id`` a retry is recognized.

All other fields can have any value: ``decide`` checks them. The servers make commands; commands are not stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, get_args

from msgspec import Struct

from game.match.selection import Choices

SYSTEM = ""
"""The username of commands from the system itself. No person can have it."""
SYSTEM_REQUESTS = "house-"
"""Prefix of the request ids of the system's commands. The system also commands for a user, such as Leave after a long
absence."""


Origin = tuple[str, str]
"""The username and the request id of a command: the first two fields of every event that it causes."""


class _Command(Struct, frozen=True, gc=False):
    by: str
    request_id: str

    @property
    def origin(self) -> Origin:
        return self.by, self.request_id


class Create(_Command, frozen=True):
    """Open a room. The caller owns it. ``code``: an invite code that the servers made; empty for a public room."""

    title: object
    game: str
    options: object
    best_of: object = 0
    clock: object = "none"
    code: str = ""


class Match(_Command, frozen=True):
    """Open a room for two matched players; the first has X.

    ``bots``: players that are programs. Only the system sends this.
    """

    game: str
    players: tuple[str, str]
    choices: Choices
    rated: bool
    bots: tuple[str, ...] = ()


class Join(_Command, frozen=True):
    """Take a seat, return to the own seat, or watch. Without a free seat, the caller becomes a spectator."""

    role: Literal["player", "spectator"]
    code: str = ""


class Leave(_Command, frozen=True):
    """Leave the room. A player keeps the seat. ``unseen_ms``: how long ago the servers last saw the person, in ms."""

    unseen_ms: int = 0


class Lock(_Command, frozen=True):
    """Admit no new spectators, or admit them again if ``on`` is false."""

    on: bool


class Remove(_Command, frozen=True):
    """Remove a spectator for good."""

    name: str


class Propose(_Command, frozen=True):
    """Propose what to play while the players of a match select it."""

    proposal: object


class Move(_Command, frozen=True):
    """Make a move. The rules check the value."""

    move: object


class Resign(_Command, frozen=True):
    """Resign the running game."""


class ClaimGame(_Command, frozen=True):
    """End a game with an absent opponent, as a win or a draw."""

    result: object


class Rematch(_Command, frozen=True):
    """Offer the next game, with seats swapped. It starts when both players offer it."""


class Offer(_Command, frozen=True):
    """Make an offer to the opponent. An offer equal to the opponent's offer accepts it."""

    what: object


class Accept(_Command, frozen=True):
    """Accept the opponent's offer."""

    what: object


class Decline(_Command, frozen=True):
    """Decline the opponent's offer or a rematch, or withdraw the own offer."""

    what: object


class Say(_Command, frozen=True):
    """Write a chat line to all in the room."""

    text: object


class Due(_Command, frozen=True):
    """Apply what is due by now: draw lots, let a flag fall, start the next game. Only the system sends this."""


class Close(_Command, frozen=True):
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
COMMANDS: Mapping[str, Callable[..., Command]] = {kind.__name__: kind for kind in get_args(Command)}
"""All commands, by the names of their classes."""
