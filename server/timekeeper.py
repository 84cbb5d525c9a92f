"""Keeps service time, writes it down, and sees to what time brings in rooms: flags, lots, next games.

A thread of the main server in office. Time passes at its ticks, each of which has the commit turn (see
``service_time``); what is due is decided where everything is, in the log.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from game.commands import HOUSE, Due
from game.errors import TicTacToeError
from game.service import Tick
from server.group_commit import Committer
from server.house import House
from server.service_time import TICK_S
from server.standing_streams import THE_SERVICE
from server.streams import room_stream
from wire.later import now as its_answer

WRITTEN_EVERY_MS = 1000
"""So often, while something is due anywhere, service time is written down: no takeover gives back more than that."""
LOOKED_INTO_AT_ONCE = 20

logger = structlog.get_logger()


class Timekeeper:
    """Time, for the rooms of one main server."""

    def __init__(self, house: House, committer: Committer, new_request: Callable[[], str]) -> None:
        self._house = house
        self._committer = committer
        self._new_request = new_request

    def run(self, go_on: Callable[[], bool], pause: Callable[[float], None]) -> None:
        """Keep time until ``go_on()`` is false."""
        while go_on():
            pause(TICK_S)
            self.tick()

    def tick(self) -> None:
        """Let time pass, and do what is due by now."""
        with self._committer.turn():
            at = self._house.time.tick()
        for room in self._house.due.take_unknown(LOOKED_INTO_AT_ONCE):
            self._look_into(room)
        if len(self._house.due) and at >= self._house.service.at + WRITTEN_EVERY_MS:
            self._do(THE_SERVICE, Tick())
        for room in self._house.due.by(at):
            self._do(room_stream(room), Due(HOUSE, self._new_request()))
            self._look_into(room)

    def _look_into(self, room: str) -> None:
        """Ask a room when something is due there."""
        try:
            self._house.due.put(room, self._house.room(room).due_at)
        except TicTacToeError as error:
            logger.warning("a room does not say what is due in it", room=room, why=error.message)

    def _do(self, stream: str, command: object) -> None:
        try:
            its_answer(self._committer.submit(stream, command))
        except TicTacToeError as error:
            logger.warning("time brought nothing", stream=stream, why=error.message)
