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
from game.match.selection import SeekFilter
from wire.rpc import Address

Result = TypeVar("Result")

SEEK_S = 2.0
"""How long a ``seek`` call stays open, in seconds."""
ANYTHING = SeekFilter()
LOOK_UP_S = 0.5
"""How long a room's connection waits for the front door to locate the room, in seconds.

Then it retries the old address: the front door may be down too, and the game continues without it.
"""


class FrontDoorConnection(Protocol):
    """What a player needs from the connection to a cluster."""

    def ask(self, method: str, *arguments: object, deadline_s: float | None = None) -> Any:
        """Call a method of the front door."""

    def new_connection(self, on_link: OnLink = ...) -> RetryingConnection:
        """Return another connection to the front door."""


@dataclass(frozen=True)
class Waiting:
    """The state of a seek: seconds waited, number of others who wait, and whether the house bot offers to play.

    The house bot (``Player.play_house_bot``) is offered when nobody else is available.
    """

    waited_s: float
    others: int
    house_bot: bool


class Player:
    """A user of a cluster. The token identifies the user: keep it secret.

    ``name`` has the spelling of the first claim, as in views, whatever spelling a later claim used.
    """

    def __init__(self, name: str, token: str, cluster: FrontDoorConnection, retry_policy: RetryPolicy) -> None:
        """``retry_policy`` applies to calls to rooms."""
        self.name = name
        self.token = token
        self._cluster = cluster
        self._retry_policy = retry_policy

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
        """Open a room. The caller owns it, and has no seat yet.

        For tic-tac-toe the options are ``width``, ``height`` and ``in_a_row``, with the limits and defaults of
        ``game.games.tictactoe``. ``best_of``: an odd number of games, or 0 for a series without end. ``clock``: "none",
        seconds for each move like "10s", or minutes and an increment in seconds like "3+2". ``private``: the lobby does
        not list the room, and only people with an invitation enter it (``RoomClient.invite``).

        Raises InvalidArgument, Busy (too many rooms), DeadlineExceeded.
        """
        terms = {"best_of": best_of, "clock": clock, "private": private}
        asked = (self.token, request_id or new_request_id(), title, game, options, terms)
        answer = self.with_claimed_name(lambda: self._cluster.ask("create", *asked))
        return self._room(answer["room"], answer, answer["code"])

    def seek(
        self,
        wish: SeekFilter = ANYTHING,
        *,
        stop: threading.Event | None = None,
        on_wait: Callable[[Waiting], None] = lambda _: None,
        on_link: OnLink = lambda _: None,
    ) -> RoomClient | None:
        """Seek a match, wait for it, and return its room, in which the caller has a seat.

        Return the room of a running match at once. Return None after ``cancel_seek``, or within SEEK_S seconds after
        ``stop`` is set. After that the caller is not matched any more.

        ``on_wait`` is called now and then with the seek's state, ``on_link`` when the connection fails or recovers.
        After a failure the seek continues at the same place in the queue. Raises DeadlineExceeded when the servers
        cannot be reached before a call's deadline.
        """
        connection, ticket = self._cluster.new_connection(on_link), ""
        try:
            while stop is None or not stop.is_set():
                answer = self.with_claimed_name(functools.partial(self._seek_once, connection, wish, ticket))
                if answer["room"] is not None:
                    return self._room(answer["room"], answer, "")
                if not answer["waiting"]:
                    return None
                ticket = answer["ticket"]
                on_wait(Waiting(answer["waited_s"], answer["others"], answer["house_bot"]))
            answer = connection.call("cancel_seek", self.token)
            return None if answer["room"] is None else self._room(answer["room"], answer, "")
        finally:
            connection.close()

    def _seek_once(self, connection: RetryingConnection, wish: SeekFilter, ticket: str) -> Any:
        arguments = (self.token, wish._asdict(), ticket)
        return connection.call("seek", *arguments, SEEK_S, again=(*arguments, 0.0), extra_s=SEEK_S)

    def cancel_seek(self) -> None:
        """Cancel the seek. ``seek`` then returns None, or the room if a match was made before."""
        self._cluster.ask("cancel_seek", self.token)

    def play_house_bot(self, wish: SeekFilter = ANYTHING, *, request_id: str | None = None) -> RoomClient:
        """Start a match with the house bot at once, and leave the queue. Raises Busy when it has no free game."""
        asked = (self.token, request_id or new_request_id(), wish._asdict())
        answer = self.with_claimed_name(lambda: self._cluster.ask("play_house_bot", *asked))
        return self._room(answer["room"], answer, "")

    def room(self, invitation: str) -> RoomClient:
        """Return a room by its id, or by id and invite code ("id-code") if it is private. Raises NoSuchRoom."""
        room, _, code = invitation.partition("-")
        return self._room(room, self._cluster.ask("where_is", room), code)

    def keep(self, *, code: str | None = None) -> str:
        """Reserve the name for any length of absence, and return the recovery code.

        ``Cluster.recover`` gets the name with that code on another machine. The code cannot be shown again. A new code
        replaces the earlier one.

        ``code``: a code from ``new_recovery_code``, for a retry. Raises DeadlineExceeded, BadToken.
        """
        code = code or new_recovery_code()
        self.with_claimed_name(lambda: self._cluster.ask("keep_name", self.token, code))
        return code

    def with_claimed_name(self, call: Callable[[], Result]) -> Result:
        """Make a call with the token. If the servers have released the name, claim it and call again.

        Raises BadToken if the name belongs to another user by now.
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
        target = _object_address(where)

        def connect(on_link: OnLink) -> RetryingConnection:
            return RetryingConnection(find, target=target, retry_policy=self._retry_policy, on_link=on_link)

        def find() -> ObjectAddress:
            return _object_address(self._cluster.ask("where_is", room, deadline_s=LOOK_UP_S))

        return RoomClient(room, self.name, self.token, connect, with_claimed_name=self.with_claimed_name, code=code)


def new_recovery_code() -> str:
    """Return a secret of 100 random bits, in a form that people can write down."""
    return code_from(secrets.randbits(BITS))


def _object_address(where: Mapping[str, object]) -> ObjectAddress:
    return ObjectAddress(Address(str(where["host"]), int(str(where["port"]))), str(where["object"]))
