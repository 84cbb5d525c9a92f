"""Staying present in rooms that nobody looks at: a player who has a seat where a game goes on is not away meanwhile.

The servers count a player as present in a room while calls about that room come: commands, views, waits. So whoever
looks at something else for a while, a lobby say, asks for the view of each such room now and then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from threading import Event

from client.player import Player
from client.views import Row, View
from game.errors import Refusal
from wire.errors import TicTacToeError

LOOK_S = 0.25
"""How often new rooms are looked for."""


def goes_on(room: Row | View) -> bool:
    """Whether a game is played there, begins, or follows by itself: its players are waited for."""
    return room.phase in ("waiting", "selecting", "playing") or (room.phase == "finished" and room.timed)


def stay_present(
    player: Player,
    rooms: Callable[[], Collection[str]],
    *,
    every_s: float,
    stop: Event,
    looked_at: Callable[[], str] = lambda: "",
) -> Iterator[str]:
    """Keep a player present in these rooms until ``stop`` is set; yields each room where that is over.

    ``rooms`` is asked again and again; a new one is visited within LOOK_S seconds, each then every ``every_s`` seconds,
    which is to be less than the servers' ``AWAY_S`` (half of ``max_wait_s`` is, see ``describe`` in docs/protocol.md).
    Where a player was taken for gone it comes back; where the game is over it leaves, unless the room is ``looked_at``.
    While the servers are away it goes on trying.
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
        return True  # there is no such room any more, or the name is somebody else's
    except TicTacToeError:
        return False  # the servers are away


def _visit(player: Player, room: str, looked_at: Callable[[], str]) -> bool:
    """Be seen in a room; whether there is no reason to come again."""
    client = player.room(room)
    try:
        view = client.view()
        seat = view.seat_of(player.name)
        owner = None if seat is None else view.seats[seat]
        if owner is None:
            return True
        if goes_on(view):
            if not owner.present:
                client.join()
            return False
        if owner.present and room != looked_at():
            client.leave()
        return True
    finally:
        client.disconnect()
