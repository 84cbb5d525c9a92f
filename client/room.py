"""One room as one player sees it: commands, and the news of it that go on by themselves after any break."""

from __future__ import annotations

import contextlib
import functools
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from client.connection import OnLink, RetryingConnection
from client.views import View, line_from, view_from
from game.errors import InvalidArgument, NotInvited, RoomClosed
from game.forms.event_codec import from_plain
from game.games.selection import Proposal
from game.match.offers import Matter
from game.rooms.chat import Line
from game.rooms.dedup import Answer
from game.rooms.events import Event, Left

WAIT_S = 20.0
"""How long one question for news stays open."""


@dataclass(frozen=True)
class News:
    """What happened in a room since the news before.

    ``events`` are in the order of their versions, which are consecutive. After ``gap`` earlier events were not to be
    had any more (they are compacted away), and ``view`` alone says what they led to.
    """

    events: tuple[tuple[int, Event], ...]
    view: View
    gap: bool
    at: int = 0
    """The service time when the servers said so."""
    talk: tuple[Line, ...] = ()
    """What was last said, when it is not all in ``events``: in the first news, and after a gap."""
    draining: bool = False
    """Whether the cluster is being emptied: this game may come to its end, and none begins after it."""


class RoomClient:
    """A room, for the player ``name``. Safe for threads.

    Every command returns an ``Answer`` with the room's version after it and the caller's seat, or raises: the Refusal
    that says why not (``game.errors``), or DeadlineExceeded, NotReady, Busy (``wire.errors``) when the servers could
    not be reached in time. After DeadlineExceeded the same command with the same ``request_id`` finds out.
    """

    def __init__(
        self,
        room: str,
        name: str,
        token: str,
        channel: Callable[[OnLink], RetryingConnection],
        *,
        mine: Callable[[Callable[[], Any]], Any] = lambda call: call(),
        code: str = "",
    ) -> None:
        """``mine`` makes a call for which one needs one's name, and sees to it that one has it; ``code``: the invite
        code, if the room is private.
        """
        self.id = room
        self._code = code
        self.name = name
        self._token = token
        self._new_channel = channel
        self._mine = mine
        self._commands = channel(lambda _: None)
        self._role: Literal["player", "spectator"] | None = None
        self._sent_away = False

    def join(self, role: Literal["player", "spectator"] = "player", *, request_id: str | None = None) -> Answer:
        """Take a seat, come back to one's own, or watch. Without a free seat one watches: ``seat`` is None then.

        Raises NotInvited if the room is private and this one was made without its invite code.
        """
        answer = self._command("join", request_id, role, self._code)
        self._role = role
        self._sent_away = False
        return answer

    def leave(self, *, request_id: str | None = None) -> Answer:
        """Go. A seat stays its player's, who comes back to it with ``join``."""
        self._role = None
        self._sent_away = False
        return self._command("leave", request_id)

    def move(self, move: object, *, request_id: str | None = None) -> Answer:
        """Play; in tic-tac-toe ``move`` is a cell number, row by row from 0."""
        return self._command("move", request_id, move)

    def resign(self, *, request_id: str | None = None) -> Answer:
        """Give the running game up."""
        return self._command("resign", request_id)

    def rematch(self, *, request_id: str | None = None) -> Answer:
        """Wish for another game; it starts, with seats swapped, once both players do."""
        return self._command("rematch", request_id)

    def claim_game(self, result: Literal["win", "draw"], *, request_id: str | None = None) -> Answer:
        """End the game that the opponent has stayed away from for long enough (a minute, unless the settings say else).

        Raises NotAllowed before.
        """
        return self._command("claim_game", request_id, result)

    def propose(self, proposal: Proposal, *, request_id: str | None = None) -> Answer:
        """Say what one would play, while a match selects that. When both players say the same, it begins."""
        return self._command("propose", request_id, proposal._asdict())

    def offer(self, what: Matter, *, request_id: str | None = None) -> Answer:
        """Offer a draw, to take the last own move back, or (before the second move) to abort the game."""
        return self._command("offer", request_id, what)

    def accept(self, what: Matter, *, request_id: str | None = None) -> Answer:
        """Accept what the other player offers."""
        return self._command("accept", request_id, what)

    def decline(self, what: Matter | Literal["rematch"], *, request_id: str | None = None) -> Answer:
        """Decline what the other player offers, or take the own offer back."""
        return self._command("decline", request_id, what)

    def say(self, text: str, *, request_id: str | None = None) -> Answer:
        """Say something to all in the room: 1 to 200 characters. Raises TooOften when one has said much lately."""
        return self._command("say", request_id, text)

    def lock(self, on: bool, *, request_id: str | None = None) -> Answer:
        """Let nobody more in to watch, or let them in again, if one opened the room."""
        return self._command("lock", request_id, on)

    def remove(self, name: str, *, request_id: str | None = None) -> Answer:
        """Send somebody away who watches, for good, if one opened the room."""
        return self._command("remove", request_id, name)

    def invite(self) -> str:
        """What to give to somebody who is to come in: the room's id, with the invite code if it is private."""
        code = self._mine(lambda: self._commands.call("invite", self._token))["code"]
        return f"{self.id}-{code}" if code else self.id

    def close(self, *, request_id: str | None = None) -> Answer:
        """Close the room for good, if one opened it and no game is running."""
        return self._command("close", request_id)

    def disconnect(self) -> None:
        """Close the connection for commands, which is one of those that the servers count; the next opens it anew."""
        self._commands.close()

    def view(self) -> View:
        """The room as it is now."""
        return view_from(self._mine(lambda: self._commands.call("view", self._token)))

    def watch(
        self,
        after_version: int | None = None,
        *,
        stop: threading.Event | None = None,
        on_link: OnLink = lambda _: None,
    ) -> Iterator[News]:
        """The room's news, for as long as the room is open; first how it stands now.

        With ``after_version`` the first news bring what happened since that version instead. No event is missed and
        none comes twice, whatever breaks on the way. Ends when the room is closed, or within WAIT_S seconds after
        ``stop`` is set. ``on_link`` hears of breaks. Raises DeadlineExceeded when the servers could not be reached for
        as long as a call may take.
        """
        channel = self._new_channel(on_link)
        try:
            if after_version is None:
                first = self._whole(channel)
                view = first.view
                yield first
            else:
                view = None
            version = after_version if view is None else view.version
            events: list[tuple[int, Event]] = []
            gap = False
            while (view is None or view.phase != "closed") and not (stop is not None and stop.is_set()):
                self._return_if_sent_away()
                try:
                    answer = self._mine(functools.partial(self._wait, channel, self._token, version))
                except NotInvited:
                    if self._role is None:
                        raise
                    self.join(self._role)  # taken for gone from a private room, which one has the code of
                    continue
                except InvalidArgument:
                    first = self._whole(channel)
                    if version is None or first.view.version >= version:
                        raise
                    version, events, gap = first.view.version, [], False
                    yield replace(first, gap=True)  # the servers were put back to a time before that version
                    continue
                if answer["gap"]:
                    events, gap = [], True  # what came before the gap is no longer followed by what comes now
                events += [(plain["version"], from_plain(plain)) for plain in answer["events"]]
                version = answer["version"]
                if answer["view"] is None:
                    continue  # there are more events than one answer carries: the view comes with the last
                view = view_from(answer["view"])
                if events or gap:
                    self._sent_away = self._is_sent_away(events, view)
                    talk = self._whole(channel).talk if gap else ()
                    yield News(tuple(events), view, gap, answer["at"], talk, draining=_drains(answer))
                events, gap = [], False
        finally:
            channel.close()

    def _whole(self, channel: RetryingConnection) -> News:
        """The room as it is now, and what was last said there."""
        plain = self._mine(lambda: channel.call("view", self._token))
        talk = tuple(map(line_from, plain["talk"]))
        return News((), view_from(plain), False, plain["at"], talk, draining=_drains(plain))

    def _is_sent_away(self, events: Iterable[tuple[int, Event]], view: View) -> bool:
        """Whether the servers took us for gone (a machine that slept, say), without an own ``leave``."""
        if self._role is None:
            return False
        seat = view.seat_of(self.name)
        if seat is not None:
            owner = view.seats[seat]
            return owner is not None and not owner.present
        return any(isinstance(event, Left) and event.by == self.name for _, event in events)

    def _return_if_sent_away(self) -> None:
        """Come back. If that fails, the next to watch tries again."""
        role = self._role
        if role is not None and self._sent_away:
            with contextlib.suppress(RoomClosed):  # the news of that are on their way
                self.join(role)

    @staticmethod
    def _wait(channel: RetryingConnection, token: str, version: int | None) -> Any:
        """What happened after that version, when something has or the time is up."""
        return channel.call("wait", token, version, WAIT_S, again=(token, version, 0.0), extra_s=WAIT_S)

    def _command(self, method: str, request_id: str | None, *arguments: Any) -> Answer:
        request_id = request_id or new_request_id()
        answer = self._mine(lambda: self._commands.call(method, self._token, request_id, *arguments))
        return Answer(answer["version"], answer["seat"])


def _drains(answer: Mapping[str, Any]) -> bool:
    return answer.get("draining") is not None


def new_request_id() -> str:
    """An id that no other request has."""
    return secrets.token_urlsafe(12)
