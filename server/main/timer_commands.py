"""What time brings, as a dialogue with the log: which commands, and when. No threads here, and no clock: the time is
handed in. ``timer_thread`` holds the dialogue in the real servers, the simulator in its own.
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
"""So often, while something is due anywhere, service time is written down: no takeover gives back more than that."""
LOOKED_INTO_AT_ONCE = 20

logger = structlog.get_logger()


def brought_by(at: int, house: RoomStore, new_request: Callable[[], str]) -> Iterator[tuple[str, Tick | Due]]:
    """All that is to be done at that service time: streams and commands, one after the other. Each must have been
    carried out, or have failed, before the next is asked for.
    """
    for room in house.due.take_unknown(LOOKED_INTO_AT_ONCE):
        _look_into(room, house)
    if len(house.due) and at >= house.service.at + WRITTEN_EVERY_MS:
        yield THE_SERVICE, Tick()
    for room in house.due.by(at):
        yield room_stream(room), Due(HOUSE, new_request())
        _look_into(room, house)


def _look_into(room: str, house: RoomStore) -> None:
    """Ask a room when something is due there; again if something has happened in it meanwhile, which may have told more
    than what is put here.
    """
    try:
        asked = house.room(room)
        house.due.put(room, asked.due_at)
        if house.room(room).version != asked.version:
            _look_into(room, house)
    except TicTacToeError as error:
        house.due.put(room, None)  # a damaged one is asked again once it is mended
        logger.warning("what is due in a room is not known", room=room, why=error.message)
