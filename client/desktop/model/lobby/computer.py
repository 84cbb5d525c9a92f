"""Computer players that run in this window. They have seats in real rooms on the cluster, as people have.

They end with the window and return with it. Their names and tokens are stored on this machine, so a game against a
computer player continues after a crash of the window.
"""

from __future__ import annotations

import contextlib
import random
import re
import secrets
from collections.abc import Callable
from functools import partial
from threading import Event

from client.bot import Bot
from client.credentials import Credentials
from client.desktop.model.base.background import Background, Task, until_answered
from client.desktop.model.lobby.new_room import NewRoom
from client.desktop.model.lobby.sign_in import SignedIn
from client.room import RoomClient, new_request_id
from client.texts.lobby import against_computer
from game.bots.strategy import LEVELS
from game.errors import RoomClosed
from game.forms.room_view import View
from wire.errors import TicTacToeError

THINKS_S = (0.35, 0.8)
"""How long a computer player seems to think, minimum and maximum in seconds: people want to see its move appear."""
MANY_GAMES = 1_000_000_000
_NAME = re.compile(r"(\w+)-bot-[0-9a-f]{6}")


def level_of(name: str) -> str | None:
    """Return the level of a computer player with that name, or None for people."""
    match = _NAME.fullmatch(name)
    return match[1] if match is not None and match[1] in LEVELS else None


class Computers:
    """The computer players of a person on a cluster."""

    def __init__(
        self,
        user: SignedIn,
        credentials: Credentials,
        background: Background,
        failed: Callable[[TicTacToeError], None],
    ) -> None:
        """``failed`` is called with the error when a computer player cannot continue."""
        self._failed = failed
        self._user = user
        self._me = user.player.name
        self._credentials = credentials
        self._background = background
        # Running computer players by room id; at most one for each room.
        self._playing: dict[str, Task] = {}

    def open_room(self, wanted: NewRoom) -> Callable[[], RoomClient]:
        """Return a call that opens a room with a seat for the player and a seat for a computer player.

        For the background. The call can be repeated.
        """
        creating, seating, its_seating = (new_request_id() for _ in range(3))
        named = wanted.with_title(against_computer(self._me))

        def call() -> RoomClient:
            room = named.create(self._user.player, creating)
            room.join(request_id=seating)
            ours = [name for name in self._credentials.names(self._user.server) if level_of(name) == wanted.level]
            name = ours[-1] if ours else f"{wanted.level}-bot-{secrets.token_hex(3)}"
            self._room_of(name, room.id).join(request_id=its_seating)
            return room

        return call

    def update(self, view: View) -> None:
        """Run the computer player that has the other seat in this room, if it belongs to this window's user."""
        if view.room in self._playing or view.seat_of(self._me) is None:
            return
        for seat in view.seats.values():
            level = None if seat is None or seat.name == self._me else level_of(seat.name)
            if seat is not None and level is not None:
                work = partial(self._play, seat.name, level, view.room)
                self._playing[view.room] = self._background.run(work, failed=self._failed)

    def leave(self, room: str) -> None:
        """Stop the computer player in that room, for now."""
        task = self._playing.pop(room, None)
        if task is not None:
            task.stop()

    def _room_of(self, name: str, room: str) -> RoomClient:
        return self._user.cluster.claim(name, remember=True).room(room)

    def _play(self, name: str, level: str, room: str, stop: Event) -> None:
        if name not in self._credentials.names(self._user.server):
            return  # the computer player belongs to another person
        chance = random.Random()
        client = until_answered(lambda: self._room_of(name, room), stop)
        bot = Bot(client, LEVELS[level], chance, pause=lambda: stop.wait(chance.uniform(*THINKS_S)))
        until_answered(lambda: bot.run(MANY_GAMES, stop), stop)
        with contextlib.suppress(RoomClosed):
            client.leave()
