"""A room as a player sees it: commands, and a feed of news that resumes after connection failures."""

from __future__ import annotations

import contextlib
import functools
import secrets
import threading
from collections.abc import Callable, Iterator
from typing import Any, Literal

from msgspec.structs import replace

from client.connection import OnLink, RetryingConnection
from client.news_feed import NewsFeed
from client.room_news import News
from client.views import talk_from, view_from
from game.errors import InvalidArgument, NotInvited, RoomClosed
from game.forms.room_view import View
from game.match.offers import OfferKind
from game.match.selection import Proposal
from game.rooms.remembered_requests import CommandAnswer
from wire.errors import TooLarge

WAIT_S = 20.0
"""How long a ``wait`` call for news stays open, in seconds."""


class RoomClient:
    """A room, for the player ``name``. Safe for threads.

    Every command returns a ``CommandAnswer``: the room's version after it and the caller's seat. A command raises
    the Refusal with the reason if the rules do not allow it (``game.errors``). It raises DeadlineExceeded, NotReady
    or Busy if the servers do not answer in time (``wire.errors``). After DeadlineExceeded it is unknown whether
    the command was applied. The same command with the same ``request_id`` then returns its answer and is applied once.
    """

    def __init__(
        self,
        room: str,
        name: str,
        token: str,
        connect: Callable[[OnLink], RetryingConnection],
        *,
        with_claimed_name: Callable[[Callable[[], Any]], Any] = lambda call: call(),
        code: str = "",
    ) -> None:
        """``connect`` makes a connection to the room.

        ``with_claimed_name`` makes a call with the token. If the servers have released the name, it claims the name and
        calls again. ``code`` is the invite code of a private room.
        """
        self.id = room
        self._code = code
        self.name = name
        self._token = token
        self._connect = connect
        self._with_claimed_name = with_claimed_name
        self._commands = connect(lambda _: None)
        # The role of the last ``join``; None before it and after ``leave``.
        self._role: Literal["player", "spectator"] | None = None
        # True when the servers count this player as away without a ``leave``. While there is a role, ``watch`` then
        # joins again.
        self._counted_away = False

    def join(self, role: Literal["player", "spectator"] = "player", *, request_id: str | None = None) -> CommandAnswer:
        """Take a seat, return to the caller's seat, or watch.

        If no seat is free, the caller becomes a spectator, and ``seat`` is None. Raises NotInvited if the room is
        private and this client was made without its invite code.
        """
        answer = self._command("join", request_id, role, self._code)
        self._role = role
        self._counted_away = False
        return answer

    def leave(self, *, request_id: str | None = None) -> CommandAnswer:
        """Leave the room. A player keeps the seat, and ``join`` returns to it."""
        self._role = None
        return self._command("leave", request_id)

    def move(self, move: object, *, request_id: str | None = None) -> CommandAnswer:
        """Make a move. In tic-tac-toe ``move`` is a cell number, row by row from 0."""
        return self._command("move", request_id, move)

    def resign(self, *, request_id: str | None = None) -> CommandAnswer:
        """Resign the running game."""
        return self._command("resign", request_id)

    def rematch(self, *, request_id: str | None = None) -> CommandAnswer:
        """Offer another game. It starts, with seats swapped, when both players have offered it."""
        return self._command("rematch", request_id)

    def claim_game(self, result: Literal["win", "draw"], *, request_id: str | None = None) -> CommandAnswer:
        """End a game after the opponent has been away for ``Cluster.claim_after_s`` seconds.

        Raises NotAllowed before that time.
        """
        return self._command("claim_game", request_id, result)

    def propose(self, proposal: Proposal, *, request_id: str | None = None) -> CommandAnswer:
        """Propose what to play, while a match selects it. The match begins when both proposals are equal."""
        return self._command("propose", request_id, proposal._asdict())

    def offer(self, what: OfferKind, *, request_id: str | None = None) -> CommandAnswer:
        """Offer a draw, a takeback of the caller's last move, or (before the second move) an abort of the game."""
        return self._command("offer", request_id, what)

    def accept(self, what: OfferKind, *, request_id: str | None = None) -> CommandAnswer:
        """Accept the opponent's offer."""
        return self._command("accept", request_id, what)

    def decline(self, what: OfferKind | Literal["rematch"], *, request_id: str | None = None) -> CommandAnswer:
        """Decline the opponent's offer, or withdraw the caller's offer."""
        return self._command("decline", request_id, what)

    def say(self, text: str, *, request_id: str | None = None) -> CommandAnswer:
        """Send a chat line to everybody in the room. ``game.rooms.chat`` has the limits of its length and rate.

        Raises InvalidArgument, TooOften.
        """
        return self._command("say", request_id, text)

    def lock(self, on: bool, *, request_id: str | None = None) -> CommandAnswer:
        """Admit no more spectators, or admit them again. Only the owner of the room can do this."""
        return self._command("lock", request_id, on)

    def remove(self, name: str, *, request_id: str | None = None) -> CommandAnswer:
        """Remove a spectator permanently. Only the owner of the room can do this."""
        return self._command("remove", request_id, name)

    def invite(self) -> str:
        """Return the invitation to the room: its id, with the invite code if the room is private."""
        code = self._with_claimed_name(lambda: self._commands.call("invite", self._token))["code"]
        return f"{self.id}-{code}" if code else self.id

    def close(self, *, request_id: str | None = None) -> CommandAnswer:
        """Close the room permanently. Only its owner can do this, and only while no game is running."""
        return self._command("close", request_id)

    def disconnect(self) -> None:
        """Close the connection for commands, because the servers limit connections.

        The next command opens a new connection.
        """
        self._commands.close()

    def view(self) -> View:
        """Return the room's current state."""
        return view_from(self._view(self._commands))

    def watch(
        self,
        after_version: int | None = None,
        *,
        stop: threading.Event | None = None,
        on_link: OnLink = lambda _: None,
    ) -> Iterator[News]:
        """Yield the room's news while the room is open. The first news is the current state.

        With ``after_version`` the first news has the events since that version instead. After a connection failure the
        news continue with the next event; where events are missing, ``News.gap`` is true. Ends when the room is closed,
        or within WAIT_S seconds after ``stop`` is set. ``on_link`` is called when the connection fails or recovers.
        Raises DeadlineExceeded when the servers cannot be reached before a call's deadline.
        """
        connection = self._connect(on_link)
        try:
            feed, phase = NewsFeed(after_version or 0), ""
            if after_version is None:
                first = self._current(connection, feed)
                phase = first.shown.phase
                yield first
            while phase != "closed" and not (stop is not None and stop.is_set()):
                self._return_if_counted_away()
                try:
                    answer = self._with_claimed_name(functools.partial(self._wait, connection, feed))
                except NotInvited:
                    if self._role is None:
                        raise
                    self.join(self._role)  # removed as absent from a private room: the client still has its code
                    continue
                except InvalidArgument:
                    version, feed = feed.version, NewsFeed()
                    first = self._current(connection, feed)
                    if feed.version >= version:
                        raise
                    yield replace(first, gap=True)  # a backup from before that version was restored
                    continue
                except TooLarge as error:
                    if feed.form != "state":
                        raise
                    feed.use_views(error.message)  # a view has fewer spectators
                    continue
                news = feed.take(answer)
                if news is None:
                    continue
                phase = news.shown.phase
                if news.events or news.gap:
                    self._counted_away = self._role is not None and news.shows_away(self.name)
                    has_no_talk = news.gap and isinstance(news.shown, View)
                    yield replace(news, talk=talk_from(self._view(connection))) if has_no_talk else news
        finally:
            connection.close()

    def _current(self, connection: RetryingConnection, feed: NewsFeed) -> News:
        """Return the room's current state and its last chat lines. The feed then has the events up to there."""
        while True:
            try:
                answer = self._view(connection, feed.form)
            except TooLarge as error:
                if feed.form == "view":
                    raise
                feed.use_views(error.message)
                continue
            news = feed.begin(answer)
            if news is not None:
                return news

    def _view(self, connection: RetryingConnection, form: str = "view") -> Any:
        return self._with_claimed_name(lambda: connection.call("view", self._token, named={"form": form}))

    def _return_if_counted_away(self) -> None:
        """Join again if the servers count this player as away. An error ends ``watch``; the next ``watch`` joins."""
        role = self._role
        if role is not None and self._counted_away:
            with contextlib.suppress(RoomClosed):  # the news of the closing follow
                self.join(role)

    def _wait(self, connection: RetryingConnection, feed: NewsFeed) -> Any:
        """Return the events after the feed's version: when there are some, or when the wait ends."""
        arguments, named = (self._token, feed.version), {"form": feed.form}
        wait_s = WAIT_S if feed.is_waiting else 0.0
        return connection.call("wait", *arguments, wait_s, again=(*arguments, 0.0), named=named, extra_s=wait_s)

    def _command(self, method: str, request_id: str | None, *arguments: Any) -> CommandAnswer:
        request_id = request_id or new_request_id()
        answer = self._with_claimed_name(lambda: self._commands.call(method, self._token, request_id, *arguments))
        return CommandAnswer(answer["version"], answer["seat"])


def new_request_id() -> str:
    """Return an id that no other request has."""
    return secrets.token_urlsafe(12)
