"""The player's seats while the window is open: the player stays present in each running game."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from threading import Event

from client.desktop.model.base.background import Background, Task, until_answered
from client.player import Player
from client.room import new_request_id
from client.seats import stay_present
from wire.errors import TicTacToeError


class SeatsModel:
    """Holds a player's seats until the window closes or the user signs out."""

    def __init__(self, player: Player, background: Background, *, every_s: float) -> None:
        """``every_s``: how often each room is visited, in seconds."""
        self._player = player
        self._background = background
        self._every_s = every_s
        # Replaced as a whole, never changed in place: a background thread reads it.
        self._held: frozenset[str] = frozenset()
        self._shown = ""
        self._task = background.follow(self._stay, self._over)

    def hold(self, *rooms: str) -> None:
        """Hold the seats in these rooms too."""
        self._held |= frozenset(rooms)

    def set_shown(self, room: str) -> None:
        """Record which room is on the screen; empty for none."""
        self._shown = room

    def leave(self) -> Task:
        """Leave all rooms. The seats stay. The task is done when the servers have confirmed."""
        staying, rooms, self._held = self._task, self._held, frozenset()
        staying.stop()
        return self._background.run(lambda stop: self._leave(rooms, staying, stop))

    def stop(self) -> None:
        """Stop the background work."""
        self._task.stop()

    def _stay(self, stop: Event) -> Iterator[str]:
        return stay_present(
            self._player, lambda: self._held, every_s=self._every_s, stop=stop, looked_at=lambda: self._shown
        )

    def _over(self, room: str) -> None:
        self._held -= {room}

    def _leave(self, rooms: Collection[str], staying: Task, stop: Event) -> None:
        staying.done.wait()  # a visit in progress would find the player away, and join again
        for room in rooms:
            request_id = new_request_id()

            def leave(room: str = room, request_id: str = request_id) -> None:
                client = self._player.room(room)
                client.leave(request_id=request_id)
                client.disconnect()

            try:
                until_answered(leave, stop)
            except TicTacToeError:
                continue  # closed, or the servers are unreachable: then the player counts as away after some time
