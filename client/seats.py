"""Keep a player present in rooms that no window shows, while games there go on.

The servers count a player as present in a room while calls about that room arrive: commands, views, waits. So a client
that shows something else, for example the lobby, requests each room's view regularly.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from threading import Event

from client.player import Player
from client.views import Row
from game.errors import Refusal
from game.forms.room_view import View
from wire.errors import TicTacToeError

LOOK_S = 0.25
"""How often new rooms are looked for, in seconds."""


def needs_players(room: Row | View) -> bool:
    """Return whether a game is played there, begins, or follows by itself: the room needs its players."""
    return room.phase in ("waiting", "selecting", "playing") or (room.phase == "finished" and room.timed)


def stay_present(
    player: Player,
    rooms: Callable[[], Collection[str]],
    *,
    every_s: float,
    stop: Event,
    looked_at: Callable[[], str] = lambda: "",
) -> Iterator[str]:
    """Keep a player present in these rooms until ``stop`` is set. Yield each room that needs no more visits.

    ``rooms`` is called repeatedly. A new room is visited within LOOK_S seconds, then every ``every_s`` seconds.
    ``every_s`` must be less than the servers' ``AWAY_S``. Half of ``Cluster.max_wait_s`` always is.

    If the servers count the player as away, the player joins again. If the game is over, the player leaves, unless the
    room is ``looked_at``. While the servers are unreachable, this retries.
    """
    visited: dict[str, float] = {}
    while not stop.is_set():
        for room in [room for room in rooms() if time.monotonic() - visited.get(room, -every_s) >= every_s]:
            if stop.is_set():
                return
            if _is_over(player, room, looked_at):
                visited.pop(room, None)
                yield room
            else:
                visited[room] = time.monotonic()
        stop.wait(min(LOOK_S, every_s))


def _is_over(player: Player, room: str, looked_at: Callable[[], str]) -> bool:
    try:
        return _visit(player, room, looked_at)
    except Refusal:
        return True  # the room is gone, or the name belongs to another user
    except TicTacToeError:
        return False  # the servers are unreachable


def _visit(player: Player, room: str, looked_at: Callable[[], str]) -> bool:
    """Visit a room so that its servers see the player. Return whether no more visits are needed."""
    client = player.room(room)
    try:
        view = client.view()
        seat = view.seat_of(player.name)
        owner = None if seat is None else view.seats[seat]
        if owner is None:
            return True
        if needs_players(view):
            if not owner.present:
                client.join()
            return False
        if owner.present and room != looked_at():
            client.leave()
        return True
    finally:
        client.disconnect()
