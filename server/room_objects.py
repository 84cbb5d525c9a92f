"""A room's remote object: what people in a room call. One object a room, under a name that outlives every server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from game.commands import Close, Join, Leave, Move, Rematch, Resign
from server.desk import Desk
from wire.arguments import anything, one_of, optional, remote, request_id, seconds, token, whole
from wire.later import Later

_LAST_VERSION = 1 << 53


class RoomObject:
    """Every method takes the caller's secret token first; those that change something a new request id next.

    A retry with the same request id is answered as the first time. The answer to a change has ``version``, the room's
    version after it, and ``seat``, the caller's seat then ("X", "O" or None).
    """

    __slots__ = ("_desk", "_room")

    def __init__(self, desk: Desk, room: str) -> None:
        self._desk = desk
        self._room = room

    @remote(token=token, request_id=request_id, role=optional(one_of("player", "spectator"), "player"))
    def join(self, token: str, request_id: str, role: str) -> Mapping[str, object] | Later:
        """Take a seat, come back to one's own, or watch; who asks for a seat when none is free watches."""
        return self._desk.command(token, self._room, lambda by: Join(by, request_id, role))  # type: ignore[arg-type]

    @remote(token=token, request_id=request_id)
    def leave(self, token: str, request_id: str) -> Mapping[str, object] | Later:
        """Go. A player's seat stays the player's."""
        return self._desk.command(token, self._room, lambda by: Leave(by, request_id))

    @remote(token=token, request_id=request_id, move=anything)
    def move(self, token: str, request_id: str, move: object) -> Mapping[str, object] | Later:
        """Play; in tic-tac-toe a move is a cell number, row by row from 0."""
        return self._desk.command(token, self._room, lambda by: Move(by, request_id, move))

    @remote(token=token, request_id=request_id)
    def resign(self, token: str, request_id: str) -> Mapping[str, object] | Later:
        """Give the running game up."""
        return self._desk.command(token, self._room, lambda by: Resign(by, request_id))

    @remote(token=token, request_id=request_id)
    def rematch(self, token: str, request_id: str) -> Mapping[str, object] | Later:
        """Wish for another game; it starts, with seats swapped, when both players do."""
        return self._desk.command(token, self._room, lambda by: Rematch(by, request_id))

    @remote(token=token, request_id=request_id)
    def close(self, token: str, request_id: str) -> Mapping[str, object] | Later:
        """Close the room for good; only who opened it may, and not while a game is running."""
        return self._desk.command(token, self._room, lambda by: Close(by, request_id))

    @remote(token=token)
    def view(self, token: str) -> dict[str, Any]:
        """All there is to see in the room."""
        return self._desk.view(token, self._room)

    @remote(token=token, after_version=whole(0, _LAST_VERSION), timeout_s=seconds(3600.0))
    def wait(self, token: str, after_version: int, timeout_s: float) -> dict[str, Any] | Later:
        """What happened after a version: at once if there is something, else when it happens or time is up."""
        return self._desk.wait(token, self._room, after_version, timeout_s)
