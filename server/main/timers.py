"""Advances service time, and submits what timers make due in rooms: flag falls, lots, next games.

Service time advances at ticks, each of which holds the commit lock (see ``service_clock``). The commit decides on the
commands that are due then. Procedures, without threads and clocks of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import structlog

from game.cluster_state import Tick
from game.errors import TicTacToeError
from game.rooms.commands import SYSTEM, Due
from server.log.room_stream import room_stream
from server.log.service_stream import THE_SERVICE
from server.rooms.room_store import RoomStore
from server.rooms.service_clock import TICK_S
from server.runtime.effects import Effects, Sleep, Submit, WithCommitLock
from server.runtime.retries import Retries

WRITTEN_EVERY_MS = 1000
"""How often service time is committed while any room has a timer. A takeover never gives back more time than this."""
LOADED_AT_ONCE = 20

logger = structlog.get_logger()


def run_timers(
    store: RoomStore,
    new_request: Callable[[], str],
    retries: Retries,
    *,
    tick_s: float = TICK_S,
    on_tick: Callable[[int, bool], None] = lambda _at, _is_done: None,
) -> Effects[None]:
    """Advance service time, and submit the commands that are due, as long as the term lasts.

    ``on_tick`` is called after each tick with the service time, and whether all that was due is done.
    """
    while True:
        yield Sleep(tick_s)
        at: int = yield WithCommitLock(_tick(store))
        is_done = True
        for stream, command in due_commands(at, store, new_request):
            try:
                yield Submit(stream, command)
            except TicTacToeError as error:
                retries.failed(error)
                is_done = False
        if is_done:
            retries.succeeded()
        on_tick(at, is_done)


def _tick(store: RoomStore) -> Effects[int]:
    yield from ()
    return store.service_clock.tick()


def due_commands(at: int, store: RoomStore, new_request: Callable[[], str]) -> Iterator[tuple[str, Tick | Due]]:
    """Yield all streams and commands that are due at service time ``at``, in milliseconds, in order.

    The caller must carry out a command, or see it fail, before it takes the next.
    """
    for room in store.timers.take_unknown(LOADED_AT_ONCE):
        _store_timer(room, store)
    is_late = len(store.timers) and at >= store.service.at + WRITTEN_EVERY_MS
    if is_late or store.unwritten():
        yield THE_SERVICE, Tick()
    for room in store.timers.take_due(at):
        yield room_stream(room), Due(SYSTEM, new_request())
        _store_timer(room, store)


def _store_timer(room: str, store: RoomStore) -> None:
    """Store the present timer of a room: the command may have failed, or changed nothing."""
    try:
        store.timers.put(room, store.room(room).due_at)
    except TicTacToeError as error:
        store.timers.put(room, None)  # a damaged room is read again after its repair
        logger.warning("room timer unknown", room=room, why=error.message)
