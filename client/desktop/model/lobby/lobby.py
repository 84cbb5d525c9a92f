"""The lobby: the live list of rooms, the user's open games, who is online, and the ways into a room."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Mapping
from threading import Event
from typing import Any

from client.desktop.model.base.background import Background, Task
from client.desktop.model.base.connection_state import Closing, Link, closing_from
from client.desktop.model.lobby.computer import Computers
from client.desktop.model.lobby.new_room import NewRoom
from client.desktop.model.lobby.open_games import OpenGames
from client.desktop.model.lobby.seeking import SeekingModel
from client.desktop.model.lobby.sign_in import SignedIn
from client.desktop.model.room.room import Role
from client.room import RoomClient, new_request_id
from client.texts import lobby as texts
from client.texts.phrases import sentence
from client.texts.room import ENTERING
from client.views import Row
from game.forms.room_view import View
from wire.errors import TicTacToeError

SHOWN = 300
"""How many rooms are listed at a time. The search finds the others."""
LONGEST_SEARCH = 40
"""How many characters of a search are repeated in a message."""
ONLINE_DEADLINE_S = 2.0
_ORDER = {"waiting": 0, "selecting": 1, "playing": 1, "finished": 2}


class LobbyModel:
    """The lobby of a person."""

    def __init__(
        self,
        user: SignedIn,
        background: Background,
        computers: Computers,
        *,
        entering: Callable[[RoomClient, Role], None],
    ) -> None:
        """``entering`` is called with the room to enter and the role."""
        self.me = user.player.name
        self.rooms: Mapping[str, Row] | None = None
        """All open rooms by id; None until the list has arrived."""
        self.online: tuple[str, ...] = ()
        self.online_count = 0
        self.closing: Closing | None = None
        """Whether the servers close soon. It arrives with the people online, also while the user is in a room."""
        self.search = ""
        self.message = ""
        self.doing = ""
        """The action in progress, as a text; empty if there is none."""
        self.link = Link()
        # The rooms in which the user has a seat.
        self.games = OpenGames(user.player, background, every_s=user.cluster.max_wait_s / 2)
        self.seeking = SeekingModel(user.player, background, self.link, found=self._found)
        self._user = user
        self._background = background
        self._computers = computers
        self._entering = entering
        # The rows that match ``search``; None if they must be computed again.
        self._shown: list[Row] | None = None
        self._watch_task = background.follow(self._watch, self._news, self._goes_on)
        self._online_task = background.follow(self._watch_online, self._online_news, self._goes_on)
        # The task of the action in ``doing``.
        self._entry_task = Task()

    # -- state to show ------------------------------------------------------------------------------------------------

    def shown(self) -> list[Row]:
        """Return the rooms that match the search: free seats first, then running games; at most ``SHOWN``."""
        if self._shown is None:
            wanted = self.search.casefold().split()
            found = [row for row in (self.rooms or {}).values() if all(word in _text(row) for word in wanted)]
            self._shown = heapq.nsmallest(SHOWN, found, key=_order)
        return self._shown

    def search_for(self, text: str) -> None:
        """List only the rooms that contain all these words."""
        if text != self.search:
            self.search, self._shown = text, None

    def can_play_in(self, row: Row) -> bool:
        """Return whether the user enters as a player: the user has a seat there, or a seat is free."""
        return self.me in row.players.values() or None in row.players.values()

    @property
    def hint(self) -> str:
        """The text to show instead of a list."""
        if self.rooms is None:
            return texts.LOADING_ROOMS
        if not self.rooms:
            return texts.NO_ROOMS
        return "" if self.shown() else texts.no_match(self.search, most=LONGEST_SEARCH)

    # -- actions ------------------------------------------------------------------------------------------------------

    def create(self, wanted: NewRoom) -> None:
        """Open a room and enter it; with a computer player on the other seat, if one is wanted."""
        if wanted.level:
            self._start_entering(texts.OPENING_FOR_COMPUTER, self._computers.open_room(wanted), "player")
            return
        request_id = new_request_id()
        self._start_entering(texts.OPENING, lambda: wanted.create(self._user.player, request_id), "player")

    def enter(self, room: str, role: Role = "player") -> None:
        """Enter an existing room by its id, or by its invitation if it is private."""
        self._start_entering(ENTERING, lambda: self._user.player.room(room), role)

    def cancel(self) -> None:
        """Cancel the action in progress."""
        self._entry_task.stop()
        self._end_entering(self.message)

    def seen(self, view: View) -> None:
        """Take in a view of the shown room."""
        self._computers.update(view)
        self.games.seen(view)

    def left(self, room: str, why: str) -> None:
        """Record that the room is not shown any more, with a message for the user or an empty text."""
        self._computers.leave(room)
        self.games.seats.set_shown("")
        self.message = why

    def stop(self) -> None:
        """Stop all background work of the lobby."""
        self.cancel()
        for part in (self.seeking, self.games, self._watch_task, self._online_task):
            part.stop()

    # -- internals ----------------------------------------------------------------------------------------------------

    def _found(self, room: RoomClient) -> None:
        """Enter the room of a match, and cancel any other way into a room."""
        self.cancel()
        self._entering(room, "player")

    def _start_entering(self, doing: str, call: Callable[[], RoomClient], role: Role) -> None:
        if self.doing:
            return
        self.doing, self.message = doing, ""
        self.link.unanswered("entering", time.monotonic())

        def then(room: RoomClient) -> None:
            self._end_entering(self.message)
            self._entering(room, role)

        def failed(error: TicTacToeError) -> None:
            self._end_entering(sentence(error.message))

        self._entry_task = self._background.call(call, then, failed)

    def _end_entering(self, message: str) -> None:
        self.link.answered("entering", time.monotonic())
        self.doing, self.message = "", message

    def _watch(self, stop: Event) -> Iterator[Mapping[str, Row]]:
        return self._user.cluster.watch_rooms(stop=stop, on_link=self._background.link_callback("watch", self.link))

    def _news(self, rooms: Mapping[str, Row]) -> None:
        self.rooms, self._shown = rooms, None
        self.games.listed(rooms)

    def _watch_online(self, stop: Event) -> Iterator[Mapping[str, Any]]:
        pause_s = 0.0
        while not stop.wait(pause_s):
            name, token = self._user.player.name, self._user.player.token
            answer = self._user.cluster.ask("online", name, token, deadline_s=ONLINE_DEADLINE_S)
            yield answer
            pause_s = answer["again_s"]

    def _online_news(self, answer: Mapping[str, Any]) -> None:
        self.online, self.online_count, self.closing = tuple(answer["names"]), answer["count"], closing_from(answer)

    def _goes_on(self, error: TicTacToeError) -> bool:
        """Show a refusal, for example because the name belongs to another user by now."""
        refused = error.fault == "caller"
        if refused:
            self.message = sentence(error.message)
        return not refused


def _order(row: Row) -> tuple[int, str, str]:
    """Return a room's rank in the list."""
    return _ORDER.get(row.phase, len(_ORDER)), row.title.casefold(), row.room


def _text(row: Row) -> str:
    """Return the text in which a search looks for its words."""
    return f"{row.title} {texts.players(row)} {row.room}".casefold()
