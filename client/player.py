"""A username and what it can do outside a room."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from client.channel import Channel, OnLink, Patience, Place
from client.room import RoomClient, new_request_id
from wire.rpc import Address

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
        best_of: int = 0,
        clock: str = "none",
        private: bool = False,
        request_id: str | None = None,
        **options: object,
    ) -> RoomClient:
        """Open a room; you own it but have no seat yet. For tic-tac-toe the options are width, height (3 to 10) and
        in_a_row, each 3 by default. ``best_of``: an odd number of games, or 0 for games without end. ``clock``: "none",
        seconds a move like "10s", or minutes and seconds more a move like "3+2". ``private``: not in the list, and
        entered by invitation alone (``RoomClient.invite``).

        Raises InvalidArgument, Busy (too many rooms), DeadlineExceeded.
        """
        terms = {"best_of": best_of, "clock": clock, "private": private}
        answer = self._ask("create", self.token, request_id or new_request_id(), title, game, options, terms)
        return self._room(answer["room"], answer, answer["code"])

    def room(self, invitation: str) -> RoomClient:
        """A room by its id or, if it is private, by its id and invite code ("id-code"). Raises NoSuchRoom."""
        room, _, code = invitation.partition("-")
        return self._room(room, self._ask("where_is", room), code)

    def _room(self, room: str, where: Mapping[str, object], code: str) -> RoomClient:
        place = _place(where)

        def channel(on_link: OnLink) -> Channel:
            return Channel(find, place=place, patience=self._patience, on_link=on_link)

        def find() -> Place:
            return _place(self._ask("where_is", room, deadline_s=LOOK_UP_S))

        return RoomClient(room, self.name, self.token, channel, code=code)


def _place(where: Mapping[str, object]) -> Place:
    return Place(Address(str(where["host"]), int(str(where["port"]))), str(where["object"]))
