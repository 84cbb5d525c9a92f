"""Keeps service time, writes it down, and sees to what time brings in rooms: flags, lots, next games.

A thread of the main server in office. Time passes at its ticks, each of which has the commit turn (see
``service_clock``); what is to be done then, ``timer_commands`` knows, and the log decides.
"""

from __future__ import annotations

from collections.abc import Callable

from game.errors import TicTacToeError
from server.commit.group_commit import Committer
from server.main.timer_commands import brought_by
from server.rooms.room_store import RoomStore
from server.rooms.service_clock import TICK_S
from server.runtime.retries import Retries
from wire.later import now as its_answer


class TimerThread:
    """Time, for the rooms of one main server."""

    def __init__(self, house: RoomStore, committer: Committer, new_request: Callable[[], str]) -> None:
        self._house = house
        self._committer = committer
        self._new_request = new_request
        self.retries = Retries("what time brings cannot be committed")

    def run(self, go_on: Callable[[], bool], pause: Callable[[float], None]) -> None:
        """Keep time until ``go_on()`` is false."""
        while go_on():
            pause(TICK_S)
            self.tick()

    def tick(self) -> None:
        """Let time pass, and do what is due by now."""
        with self._committer.turn():
            at = self._house.time.tick()
        failed = False
        for stream, command in brought_by(at, self._house, self._new_request):
            failed = not self._carry_out(stream, command) or failed
        if not failed:
            self.retries.succeeded()

    def _carry_out(self, stream: str, command: object) -> bool:
        try:
            its_answer(self._committer.submit(stream, command))
        except TicTacToeError as error:
            self.retries.failed(error)
            return False
        return True
