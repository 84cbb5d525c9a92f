"""Advances service time, commits it, and submits what timers make due in rooms: flag falls, lots, next games.

This is a thread of the primary. Time advances at its ticks, and each tick holds the commit lock (see
``service_clock``). ``timer_commands`` has the commands that are due then. The commit decides on them.
"""

from __future__ import annotations

from collections.abc import Callable

from game.errors import TicTacToeError
from server.commit.group_commit import Committer
from server.main.timer_commands import due_commands
from server.rooms.room_store import RoomStore
from server.rooms.service_clock import TICK_S
from server.runtime.retries import Retries
from wire.later import now as its_answer


class TimerThread:
    """The timers of the rooms of one main server."""

    def __init__(self, store: RoomStore, committer: Committer, new_request: Callable[[], str]) -> None:
        self._store = store
        self._committer = committer
        self._new_request = new_request
        self.retries = Retries("timer commands not committed")

    def run(self, go_on: Callable[[], bool], pause: Callable[[float], None]) -> None:
        """Advance service time until ``go_on()`` is false."""
        while go_on():
            pause(TICK_S)
            self.tick()

    def tick(self) -> None:
        """Advance service time, and submit the commands that are due."""
        with self._committer.commit_lock():
            at = self._store.service_clock.tick()
        done = [self._commit(*due) for due in due_commands(at, self._store, self._new_request)]
        if all(done):
            self.retries.succeeded()

    def _commit(self, stream: str, command: object) -> bool:
        try:
            its_answer(self._committer.submit(stream, command))
        except TicTacToeError as error:
            self.retries.failed(error)
            return False
        return True
