"""A room's remote object: the methods that people in a room call.

It is made for each call. Its name stays the same when servers are replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from game.match.offers import OFFER_KINDS
from game.rooms.commands import (
    Accept,
    ClaimGame,
    Close,
    Decline,
    Join,
    Leave,
    Lock,
    Move,
    Offer,
    Propose,
    Rematch,
    Remove,
    Resign,
    Say,
)
from server.main.command_service import CommandService
from server.rooms.room_cache import FORMS
from wire.arguments import (
    anything,
    mapping,
    one_of,
    optional,
    remote,
    request_id,
    seconds,
    text,
    token,
    whole,
    yes_or_no,
)
from wire.later import Later

_LAST_VERSION = 1 << 53
_MATTER = one_of(*OFFER_KINDS)
_FORM = optional(one_of(*FORMS), "view")


class RoomApi:
    """The remote methods of a room.

    Every method takes the caller's secret token first. Methods that change something take a new request id next. A
    retry with the same request id gets the first answer. The answer to a change has ``version``, the room's version
    after it. It also has ``seat``, the caller's seat then ("X", "O" or None).
    """

    __slots__ = ("_command_service", "_room")

    def __init__(self, command_service: CommandService, room: str) -> None:
        self._command_service = command_service
        self._room = room

    @remote(
        token=token,
        request_id=request_id,
        role=optional(one_of("player", "spectator"), "player"),
        invite_code=optional(text(longest=40), ""),
    )
    def join(self, token: str, request_id: str, role: str, invite_code: str) -> Later:
        """Take a seat, return to the caller's seat, or watch. If no seat is free, the caller becomes a spectator.

        ``invite_code``: required for a private room.
        """
        return self._command_service.join(token, self._room, role, lambda by: Join(by, request_id, role, invite_code))  # type: ignore[arg-type]

    @remote(token=token, request_id=request_id)
    def leave(self, token: str, request_id: str) -> Later:
        """Leave the room. A player keeps the seat."""
        return self._command_service.command(token, self._room, lambda by: Leave(by, request_id))

    @remote(token=token, request_id=request_id, move=anything)
    def move(self, token: str, request_id: str, move: object) -> Later:
        """Play a move. In tic-tac-toe it is a cell number, row by row from 0."""
        return self._command_service.command(token, self._room, lambda by: Move(by, request_id, move))

    @remote(token=token, request_id=request_id)
    def resign(self, token: str, request_id: str) -> Later:
        """Resign the running game."""
        return self._command_service.command(token, self._room, lambda by: Resign(by, request_id))

    @remote(token=token, request_id=request_id)
    def rematch(self, token: str, request_id: str) -> Later:
        """Offer a rematch. The next game starts, with seats swapped, when both players have offered it."""
        return self._command_service.command(token, self._room, lambda by: Rematch(by, request_id))

    @remote(token=token, request_id=request_id, result=one_of("win", "draw"))
    def claim_game(self, token: str, request_id: str, result: str) -> Later:
        """End the game as won or drawn, after the opponent was away for long enough."""
        return self._command_service.command(token, self._room, lambda by: ClaimGame(by, request_id, result))

    @remote(token=token, request_id=request_id, proposal=mapping(most_fields=10))
    def propose(self, token: str, request_id: str, proposal: Mapping[str, object]) -> Later:
        """Propose board, best_of and clock of the short list, while a match selects them."""
        return self._command_service.command(token, self._room, lambda by: Propose(by, request_id, proposal))

    @remote(token=token, request_id=request_id, what=_MATTER)
    def offer(self, token: str, request_id: str, what: str) -> Later:
        """Offer a draw, a takeback of the caller's last move, or (before the second move) to abort the game."""
        return self._command_service.command(token, self._room, lambda by: Offer(by, request_id, what))

    @remote(token=token, request_id=request_id, what=_MATTER)
    def accept(self, token: str, request_id: str, what: str) -> Later:
        """Accept the opponent's offer."""
        return self._command_service.command(token, self._room, lambda by: Accept(by, request_id, what))

    @remote(token=token, request_id=request_id, what=one_of(*OFFER_KINDS, "rematch"))
    def decline(self, token: str, request_id: str, what: str) -> Later:
        """Decline the opponent's offer, or withdraw the caller's offer."""
        return self._command_service.command(token, self._room, lambda by: Decline(by, request_id, what))

    @remote(token=token, request_id=request_id, text=text(longest=1000))
    def say(self, token: str, request_id: str, text: str) -> Later:
        """Write a chat line to all in the room. ``game.rooms.chat`` has the limit of a line."""
        return self._command_service.command(token, self._room, lambda by: Say(by, request_id, text))

    @remote(token=token, request_id=request_id, on=yes_or_no)
    def lock(self, token: str, request_id: str, on: bool) -> Later:
        """Stop new spectators, or allow them again. Only the person who opened the room may do this."""
        return self._command_service.command(token, self._room, lambda by: Lock(by, request_id, on))

    @remote(token=token, request_id=request_id, name=text(longest=64))
    def remove(self, token: str, request_id: str, name: str) -> Later:
        """Remove a spectator for good. Only the person who opened the room may do this."""
        return self._command_service.command(token, self._room, lambda by: Remove(by, request_id, name))

    @remote(token=token)
    def invite(self, token: str) -> dict[str, object]:
        """Return the room's invite code to a person inside; empty if the room is not private."""
        return self._command_service.invite(token, self._room)

    @remote(token=token, request_id=request_id)
    def close(self, token: str, request_id: str) -> Later:
        """Close the room for good. Only the person who opened it may do this, and not during a game."""
        return self._command_service.command(token, self._room, lambda by: Close(by, request_id))

    @remote(token=token, form=_FORM)
    def view(self, token: str, form: str) -> dict[str, Any]:
        """Return all that the caller may see in the room. ``form``: ``view``, or another form of the room."""
        return self._command_service.view(token, self._room, form)

    @remote(token=token, after_version=whole(0, _LAST_VERSION), timeout_s=seconds(3600.0), form=_FORM)
    def wait(self, token: str, after_version: int, timeout_s: float, form: str) -> dict[str, Any] | Later:
        """Return what happened after a version: at once if anything did, else when it does or the time is up.

        ``form``: in which form the answer has the room: as ``view``, as ``state``, or only a ``checksum``.
        """
        return self._command_service.wait(token, self._room, after_version, timeout_s, form)
