"""The chosen terms of a room to open, as a value."""

from __future__ import annotations

from dataclasses import dataclass, replace

from client.player import Player
from client.room import RoomClient
from game.games.tictactoe import DEFAULTS


@dataclass(frozen=True)
class NewRoom:
    """The arguments of ``Player.create``. ``level``: the level of the computer player, empty for people."""

    title: str = ""
    width: int = DEFAULTS["width"]
    height: int = DEFAULTS["height"]
    in_a_row: int = DEFAULTS["in_a_row"]
    best_of: int = 0
    clock: str = "none"
    private: bool = False
    level: str = ""

    def with_title(self, otherwise: str) -> NewRoom:
        """Return these terms with that title, unless they have a title."""
        return replace(self, title=self.title.strip() or otherwise)

    def create(self, player: Player, request_id: str) -> RoomClient:
        """Open the room with these terms, and return it."""
        return player.create(
            self.title.strip(),
            best_of=self.best_of,
            clock=self.clock,
            private=self.private,
            request_id=request_id,
            width=self.width,
            height=self.height,
            in_a_row=self.in_a_row,
        )
