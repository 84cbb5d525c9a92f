"""A username and what it can do outside a room."""

from __future__ import annotations

import functools
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from client.connection import ObjectAddress, OnLink, RetryingConnection, RetryPolicy
from client.room import RoomClient, new_request_id
from game.accounts.recovery_code import BITS, code_from
from game.errors import BadToken, NameTaken
from game.games.selection import SeekFilter
from wire.rpc import Address

Result = TypeVar("Result")

SEEK_S = 2.0
"""How long one question for a match stays open."""
ANYTHING = SeekFilter()
LOOK_UP_S = 0.5
"""How long a room's channel asks the front door where the room is now, before it tries again where it was: the front
door may be away as well, and the game goes on without it."""


class FrontDoor(Protocol):
    """What a player needs of the connection to a cluster."""

    def ask(self, method: str, *arguments: object, deadline_s: float | None = None) -> Any:
        """Call a method of the front door."""

    def new_channel(self, on_link: OnLink = ...) -> RetryingConnection:
        """Another connection to it."""


@dataclass(frozen=True)
class Waiting:
    """How it stands with somebody who waits for a match: since when, how many others wait, and whether the servers' own
    bot offers to play (``Player.play_house_bot``), since nobody else does.
    """

    waited_s: float
    others: int
    house_bot: bool


class Player:
    """Who you are on a cluster. Whoever has ``token`` is you: keep it secret. ``name`` is spelled as when the name was
    claimed first, whatever it was claimed as now: that is how views have it.
    """

    def __init__(self, name: str, token: str, cluster: FrontDoor, patience: RetryPolicy) -> None:
        """``patience`` is for calls to rooms."""
        self.name = name
        self.token = token
        self._cluster = cluster
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
        asked = (self.token, request_id or new_request_id(), title, game, options, terms)
        answer = self.mine(lambda: self._cluster.ask("create", *asked))
        return self._room(answer["room"], answer, answer["code"])

    def seek(
        self,
        wish: SeekFilter = ANYTHING,
        *,
        stop: threading.Event | None = None,
        on_wait: Callable[[Waiting], None] = lambda _: None,
        on_link: OnLink = lambda _: None,
    ) -> RoomClient | None:
        """Ask for a match, and wait until there is one: the room of it, where one has a seat already. Who is in a match
        that goes on gets its room at once. None after ``cancel_seek`` or, within SEEK_S seconds, after ``stop`` was
        set: then nobody is matched with you any more.

        ``on_wait`` hears now and then how it stands, ``on_link`` of breaks; it goes on by itself after any, at the same
        place in the queue. Raises DeadlineExceeded when the servers could not be reached for as long as a call may
        take.
        """
        channel, ticket = self._cluster.new_channel(on_link), ""
        try:
            while stop is None or not stop.is_set():
                answer = self.mine(functools.partial(self._seek_once, channel, wish, ticket))
                if answer["room"] is not None:
                    return self._room(answer["room"], answer, "")
                if not answer["waiting"]:
                    return None
                ticket = answer["ticket"]
                on_wait(Waiting(answer["waited_s"], answer["others"], answer["house_bot"]))
            answer = channel.call("cancel_seek", self.token)
            return None if answer["room"] is None else self._room(answer["room"], answer, "")
        finally:
            channel.close()

    def _seek_once(self, channel: RetryingConnection, wish: SeekFilter, ticket: str) -> Any:
        arguments = (self.token, wish._asdict(), ticket)
        return channel.call("seek", *arguments, SEEK_S, again=(*arguments, 0.0), extra_s=SEEK_S)

    def cancel_seek(self) -> None:
        """Wait for a match no more; ``seek`` comes back. If there is one by now, it comes back with that."""
        self._cluster.ask("cancel_seek", self.token)

    def play_house_bot(self, wish: SeekFilter = ANYTHING, *, request_id: str | None = None) -> RoomClient:
        """A match with the servers' own bot, at once; it leaves the queue. Raises Busy when it plays everywhere."""
        asked = (self.token, request_id or new_request_id(), wish._asdict())
        answer = self.mine(lambda: self._cluster.ask("play_house_bot", *asked))
        return self._room(answer["room"], answer, "")

    def room(self, invitation: str) -> RoomClient:
        """A room by its id or, if it is private, by its id and invite code ("id-code"). Raises NoSuchRoom."""
        room, _, code = invitation.partition("-")
        return self._room(room, self._cluster.ask("where_is", room), code)

    def keep(self, *, code: str | None = None) -> str:
        """Keep the name however long one is away; the answer is the recovery code, with which ``Cluster.recover`` gets
        it again elsewhere. Nobody can tell it again, so write it down. An earlier code is good no more.

        ``code``: one that ``new_recovery_code`` made, to try again with. Raises DeadlineExceeded, BadToken.
        """
        code = code or new_recovery_code()
        self.mine(lambda: self._cluster.ask("keep_name", self.token, code))
        return code

    def mine(self, call: Callable[[], Result]) -> Result:
        """Make a call with the token; if the servers have let the name go (one was away for long), claim it again and
        make the call once more. Raises BadToken when it is somebody else's by now.
        """
        try:
            return call()
        except BadToken:
            try:
                self._cluster.ask("claim", self.name, self.token)
            except NameTaken:
                raise BadToken(f"the name {self.name} is not yours any more: somebody else has it") from None
        return call()

    def _room(self, room: str, where: Mapping[str, object], code: str) -> RoomClient:
        place = _place(where)

        def channel(on_link: OnLink) -> RetryingConnection:
            return RetryingConnection(find, place=place, patience=self._patience, on_link=on_link)

        def find() -> ObjectAddress:
            return _place(self._cluster.ask("where_is", room, deadline_s=LOOK_UP_S))

        return RoomClient(room, self.name, self.token, channel, mine=self.mine, code=code)


def new_recovery_code() -> str:
    """A secret of 100 random bits, as people write it down."""
    return code_from(secrets.randbits(BITS))


def _place(where: Mapping[str, object]) -> ObjectAddress:
    return ObjectAddress(Address(str(where["host"]), int(str(where["port"]))), str(where["object"]))
