"""A room that is to be opened: what was chosen for it, as one value."""

from __future__ import annotations

from dataclasses import dataclass, replace

from client.player import Player
from client.room import RoomClient


@dataclass(frozen=True)
class NewRoom:
    """See ``Player.create``. ``level``: that of the computer player across, empty for people."""

    title: str = ""
    width: int = 3
    height: int = 3
    in_a_row: int = 3
    best_of: int = 0
    clock: str = "none"
    private: bool = False
    level: str = ""

    def named(self, otherwise: str) -> NewRoom:
        """With that title, unless it has one."""
        return replace(self, title=self.title.strip() or otherwise)

    def opened_by(self, player: Player, request_id: str) -> RoomClient:
        """The room, once the servers have it."""
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
