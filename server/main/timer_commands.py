"""The commands that timers make due, as a procedure with effects. No threads and no clock: the caller passes the time.

``timer_thread`` carries it out in the servers, and the simulator in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import structlog

from game.cluster_state import Tick
from game.errors import TicTacToeError
from game.rooms.commands import HOUSE, Due
from server.log.room_stream import room_stream
from server.log.service_stream import THE_SERVICE
from server.rooms.room_store import RoomStore

WRITTEN_EVERY_MS = 1000
"""How often service time is committed while any room has a timer. A takeover never gives back more time than this."""
LOOKED_INTO_AT_ONCE = 20

logger = structlog.get_logger()


def brought_by(at: int, house: RoomStore, new_request: Callable[[], str]) -> Iterator[tuple[str, Tick | Due]]:
    """Yield all streams and commands that are due at service time ``at``, in milliseconds, in order.

    The caller must carry out a command, or see it fail, before it takes the next.
    """
    for room in house.due.take_unknown(LOOKED_INTO_AT_ONCE):
        _look_into(room, house)
    if len(house.due) and at >= house.service.at + WRITTEN_EVERY_MS:
        yield THE_SERVICE, Tick()
    for room in house.due.by(at):
        yield room_stream(room), Due(HOUSE, new_request())
        _look_into(room, house)


def _look_into(room: str, house: RoomStore) -> None:
    """Store the next timer of a room.

    If the room changed meanwhile, do it again. The change may have stored a newer timer than this.
    """
    try:
        asked = house.room(room)
        house.due.put(room, asked.due_at)
        if house.room(room).version != asked.version:
            _look_into(room, house)
    except TicTacToeError as error:
        house.due.put(room, None)  # a damaged room is read again after its repair
        logger.warning("what is due in a room is not known", room=room, why=error.message)
