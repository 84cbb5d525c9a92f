"""Who may come into a room: the invitation to it and, for who opened it, closing the door and sending somebody away."""

from __future__ import annotations

from client.desktop.model.base.background import Background, Task, until_answered
from client.desktop.model.base.pending_command import PendingCommand
from client.room import RoomClient
from client.views import View


class AccessModel:
    """The door of a room."""

    def __init__(self, room: RoomClient, asking: PendingCommand, background: Background) -> None:
        self.invitation = room.id
        """What to give to somebody who is to come in; of a private room only once ``is_known``."""
        self.is_known = False
        self._room = room
        self._asking = asking
        self._background = background
        self._task: Task | None = None

    def look_at(self, view: View) -> None:
        """The room is like that now."""
        if not view.private:
            self.is_known = True
        elif self._task is None:
            self._task = self._background.do(lambda stop: until_answered(self._room.invite, stop), self._invited)

    def may_be_removed(self, view: View) -> tuple[str, ...]:
        """Who watches and can be sent away."""
        return tuple(name for name in view.spectators if name != view.owner) if self.owns(view) else ()

    def owns(self, view: View) -> bool:
        """Whether one opened the room."""
        return view.owner == self._room.name

    def lock(self, on: bool) -> None:
        """Let nobody more in to watch, or let them in again."""
        self._asking.ask("lock", lambda request_id: self._room.lock(on, request_id=request_id))

    def remove(self, name: str) -> None:
        """Send somebody who watches away, for good."""
        self._asking.ask("remove", lambda request_id: self._room.remove(name, request_id=request_id))

    def stop(self) -> None:
        """Want nothing more of it."""
        if self._task is not None:
            self._task.stop()

    def _invited(self, invitation: str) -> None:
        self.invitation, self.is_known = invitation, True
