"""A window's whole state without a window: the models, driven by hand against a real cluster."""

from __future__ import annotations

from collections.abc import Callable

from client.desktop.model.app import AppModel
from client.desktop.model.lobby.lobby import LobbyModel
from client.desktop.model.lobby.new_room import NewRoom
from client.desktop.model.room.room import RoomModel
from tests.conditions import wait_until


class Seat:
    """Somebody who uses the models, one thread for all."""

    def __init__(self, model: AppModel) -> None:
        self.model = model

    def wait(self, condition: Callable[[], object], what: str = "") -> None:
        """Take in what comes from the background until the condition holds."""
        wait_until(lambda: (self.model.background.drain(), condition())[1], what=what)

    @property
    def lobby(self) -> LobbyModel:
        """The lobby, once its list is there."""
        self.wait(lambda: self.model.lobby is not None and self.model.lobby.rooms is not None, "the lobby")
        assert self.model.lobby is not None
        return self.model.lobby

    @property
    def room(self) -> RoomModel:
        """The room, once one is in it."""
        self.wait(lambda: self.model.room is not None and self.model.room.view is not None, "the room")
        assert self.model.room is not None
        return self.model.room

    def creates(self, title: str) -> RoomModel:
        """Open a room and go in."""
        self.lobby.create(NewRoom(title))
        return self.room

    def enters(self, room: str) -> RoomModel:
        """Go into a room that is there."""
        self.lobby.enter(room)
        return self.room

    def plays(self, cell: int) -> None:
        """Wait for one's turn, play, and wait for the answer."""
        room = self.room
        self.wait(lambda: room.my_turn and room.command.pending is None, f"the turn to play {cell}")
        room.play(cell)
        self.wait(lambda: room.command.pending is None, f"an answer to {cell}")

    def resigns(self) -> None:
        """Resign, and be sure. A room is asked one thing at a time, so what was asked before is waited for."""
        room = self.room
        self.wait(lambda: room.command.pending is None, "an answer")
        room.resign()
        room.resign()


SitDown = Callable[..., Seat]
