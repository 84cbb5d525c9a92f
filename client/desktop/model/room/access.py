"""Access to a room: the invitation and, for the owner, the lock and the removal of spectators."""

from __future__ import annotations

from client.desktop.model.base.background import Background, Task
from client.desktop.model.base.pending_command import PendingCommand
from client.room import RoomClient
from game.forms.room_view import View


class AccessModel:
    """Access to a room."""

    def __init__(self, room: RoomClient, command: PendingCommand, background: Background) -> None:
        self.invitation = room.id
        """The text for an invited person. For a private room it is complete only when ``is_known`` is true."""
        self.is_known = False
        self._room = room
        self._command = command
        self._background = background
        self._task: Task | None = None

    def update(self, view: View) -> None:
        """Take in the room's current view."""
        if not view.private:
            self.is_known = True
        elif self._task is None:
            self._task = self._background.call(self._room.invite, self._invited)

    def may_be_removed(self, view: View) -> tuple[str, ...]:
        """Return the spectators that the user can remove."""
        return tuple(name for name in view.spectators if name != view.owner) if self.owns(view) else ()

    def owns(self, view: View) -> bool:
        """Return whether the user opened the room."""
        return view.owner == self._room.name

    def lock(self, on: bool) -> None:
        """Admit no more spectators, or admit them again."""
        self._command.send(self._room.lock, on)

    def remove(self, name: str) -> None:
        """Remove a spectator permanently."""
        self._command.send(self._room.remove, name)

    def stop(self) -> None:
        """Stop the background work."""
        if self._task is not None:
            self._task.stop()

    def _invited(self, invitation: str) -> None:
        self.invitation, self.is_known = invitation, True
