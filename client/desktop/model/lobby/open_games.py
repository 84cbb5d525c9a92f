"""The rooms in which the user has a seat, followed move by move: the lobby's list does not have whose turn it is.

No list has private rooms. The window remembers the private rooms that it has shown, while it is open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Event

from client.desktop.model.base.background import Background, Task
from client.desktop.model.room.seats import SeatsModel
from client.player import Player
from client.room_news import News
from client.seats import needs_players
from client.texts.lobby import open_game
from client.views import Row, row_of
from game.errors import Refusal
from game.forms.room_view import View
from wire.errors import TicTacToeError

FOLLOWED = 8
"""How many of the user's games are followed move by move, to show whose turn it is."""
_OWN_ORDER = {"selecting": 0, "playing": 0, "finished": 1, "waiting": 2}
"""The order of the user's rooms: first those in which somebody may wait for the user."""


@dataclass(frozen=True)
class OpenGame:
    """A room in which the user has a seat. ``view`` is None until it is known."""

    row: Row
    view: View | None
    me: str

    @property
    def my_turn(self) -> bool:
        """Whether it is the user's turn."""
        return self.view is not None and self.view.phase == "playing" and self.view.turn == self.view.seat_of(self.me)

    @property
    def text(self) -> str:
        """The state of the game."""
        return open_game(self.row, self.view, self.me, my_turn=self.my_turn)


class OpenGames:
    """The user's open games."""

    def __init__(self, player: Player, background: Background, *, every_s: float) -> None:
        """``every_s``: how often the player visits each room to stay present, in seconds."""
        self._player = player
        self._background = background
        # The rows of the user's rooms in the lobby's list. ``_private`` has the rows that the list lacks, by room id.
        self._mine: list[Row] = []
        self._private: dict[str, Row] = {}
        # The latest views, by room id; only of the rooms in ``_followed``.
        self._views: dict[str, View] = {}
        self._followed: dict[str, Task] = {}
        self.seats = SeatsModel(player, background, every_s=every_s)

    def all(self) -> list[OpenGame]:
        """Return all open games, those with the user to move first."""
        games = [OpenGame(row, self._views.get(row.room), self._player.name) for row in self._rows()]
        return sorted(games, key=lambda game: (not game.my_turn, _own_order(game.row)))

    def listed(self, rooms: Mapping[str, Row]) -> None:
        """Take in the lobby's list."""
        self._mine = [row for row in rooms.values() if self._player.name in row.players.values()]
        self._follow_some()

    def seen(self, view: View) -> None:
        """Take in a view of a room. A private room in which the user has a seat is remembered."""
        seated = view.seat_of(self._player.name) is not None
        if view.private and seated and view.phase != "closed":
            self._private[view.room] = row_of(view)
        else:
            self._private.pop(view.room, None)
        self._follow_some()

    def stop(self) -> None:
        """Stop all background work."""
        self.seats.stop()
        for task in self._followed.values():
            task.stop()

    def _rows(self) -> list[Row]:
        return [*self._mine, *self._private.values()]

    def _follow_some(self) -> None:
        self.seats.hold(*(row.room for row in self._rows() if needs_players(row)))
        wanted = {row.room for row in sorted(self._rows(), key=_own_order)[:FOLLOWED]}
        for room in self._followed.keys() - wanted:
            self._followed.pop(room).stop()
            self._views.pop(room, None)
        for room in wanted - self._followed.keys():
            self._followed[room] = self._follow(room)

    def _follow(self, room: str) -> Task:
        def items(stop: Event) -> Iterator[News]:
            yield from self._player.room(room).watch(stop=stop)

        def each(news: News) -> None:
            self._views[room] = news.view
            if room in self._private:
                self.seen(news.view)

        def goes_on(error: TicTacToeError) -> bool:
            if isinstance(error, Refusal) and room in self._private:
                self._private.pop(room)  # no list reports that a private room is gone
                self._follow_some()
            return True  # until the lobby's list no longer has it

        return self._background.follow(items, each, goes_on)


def _own_order(row: Row) -> tuple[int, str]:
    """Return a room's rank among the user's rooms."""
    return _OWN_ORDER.get(row.phase, len(_OWN_ORDER)), row.room
