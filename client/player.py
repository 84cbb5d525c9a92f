"""A username and what it can do outside a room."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from client.channel import Channel, OnLink, Patience, Place
from client.room import RoomClient, new_request_id
from game.errors import BadToken, NameTaken
from game.recovery_code import BITS, code_from
from wire.rpc import Address

Result = TypeVar("Result")

LOOK_UP_S = 0.5
"""How long a room's channel asks the front door where the room is now, before it tries again where it was: the front
door may be away as well, and the game goes on without it."""


class Player:
    """Who you are on a cluster. Whoever has ``token`` is you: keep it secret."""

    def __init__(self, name: str, token: str, ask: Callable[..., Any], patience: Patience) -> None:
        """``ask`` calls a method of the front door; ``patience`` is for calls to rooms."""
        self.name = name
        self.token = token
        self._ask = ask
        self._patience = patience

    def create(
        self,
        title: str = "",
        *,
        game: str = "tictactoe",
        request_id: str | None = None,
        **options: object,
    ) -> RoomClient:
        """Open a room; you own it but have no seat yet. For tic-tac-toe the options are width, height (3 to 10) and
        in_a_row, each 3 by default.

        Raises InvalidArgument, Busy (too many rooms), DeadlineExceeded.
        """
        request_id = request_id or new_request_id()
        answer = self.mine(lambda: self._ask("create", self.token, request_id, title, game, options))
        return self._room(answer["room"], answer)

    def room(self, room: str) -> RoomClient:
        """A room by its id. Raises NoSuchRoom."""
        return self._room(room, self._ask("where_is", room))

    def keep(self, *, code: str | None = None) -> str:
        """Keep the name however long one is away; the answer is the recovery code, with which ``Cluster.recover`` gets
        it again elsewhere. Nobody can tell it again, so write it down. An earlier code is good no more.

        ``code``: one that ``new_recovery_code`` made, to try again with. Raises DeadlineExceeded, BadToken.
        """
        code = code or new_recovery_code()
        self.mine(lambda: self._ask("keep_name", self.token, code))
        return code

    def mine(self, call: Callable[[], Result]) -> Result:
        """Make a call with the token; if the servers have let the name go (one was away for long), claim it again and
        make the call once more. Raises BadToken when it is somebody else's by now.
        """
        try:
            return call()
        except BadToken:
            try:
                self._ask("claim", self.name, self.token)
            except NameTaken:
                raise BadToken(f"the name {self.name} is not yours any more: somebody else has it") from None
        return call()

    def _room(self, room: str, where: Mapping[str, object]) -> RoomClient:
        place = _place(where)

        def channel(on_link: OnLink) -> Channel:
            return Channel(find, place=place, patience=self._patience, on_link=on_link)

        def find() -> Place:
            return _place(self._ask("where_is", room, deadline_s=LOOK_UP_S))

        return RoomClient(room, self.name, self.token, channel, self.mine)


def new_recovery_code() -> str:
    """A secret of 100 random bits, as people write it down."""
    return code_from(secrets.randbits(BITS))


def _place(where: Mapping[str, object]) -> Place:
    return Place(Address(str(where["host"]), int(str(where["port"]))), str(where["object"]))
