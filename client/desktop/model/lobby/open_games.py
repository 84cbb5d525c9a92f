"""The rooms in which one has a seat, followed move by move: whose turn it is does not stand in the lobby's list.

Private rooms are in no list: those in which this window was are remembered as long as it lives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Event

from client.desktop.model.base.background import Background, Task
from client.desktop.model.room.seats import SeatsModel
from client.player import Player
from client.room import News
from client.seats import goes_on
from client.views import Row, View, row_of
from game.errors import Refusal
from wire.errors import TicTacToeError

FOLLOWED = 8
"""Of one's own games so many are followed move by move, to say whose turn it is."""
AGAIN_S = 0.5
"""After an answer failed for good: the pause before asking anew."""
_WORDS = {"waiting": "Waiting", "selecting": "Choosing what to play", "playing": "Playing", "finished": "Finished"}
_OWN_ORDER = {"selecting": 0, "playing": 0, "finished": 1, "waiting": 2}
"""Of one's own rooms those first in which somebody may wait for one."""


@dataclass(frozen=True)
class OpenGame:
    """A room in which one has a seat; ``view`` only once it is known."""

    row: Row
    view: View | None
    me: str

    @property
    def my_turn(self) -> bool:
        """Whether the others wait for one's move."""
        return self.view is not None and self.view.phase == "playing" and self.view.turn == self.view.seat_of(self.me)

    @property
    def opponent(self) -> str:
        """Who has the other seat; empty if nobody."""
        return next((name for name in self.row.players.values() if name and name != self.me), "")

    @property
    def words(self) -> str:
        """How it stands, in a few words."""
        against = f"against {self.opponent}" if self.opponent else "nobody has come yet"
        if self.my_turn:
            return f"Your turn, {against}"
        if self.view is not None and self.view.phase == "finished" and self.view.rematch:
            seat = self.view.seat_of(self.me)
            return f"{self.opponent} wants a rematch" if seat not in self.view.rematch else f"Rematch? {against}"
        what = _WORDS.get(self.row.phase, self.row.phase)
        return f"{what}, {against}"


class OpenGames:
    """One's own games."""

    def __init__(self, player: Player, background: Background, *, every_s: float) -> None:
        """``every_s``: how often one is to be seen in each room, in seconds."""
        self._player = player
        self._background = background
        self._mine: list[Row] = []
        self._private: dict[str, Row] = {}
        self._views: dict[str, View] = {}
        self._followed: dict[str, Task] = {}
        self.seats = SeatsModel(player, background, every_s=every_s)

    def all(self) -> list[OpenGame]:
        """Those where it is one's turn first."""
        games = [OpenGame(row, self._views.get(row.room), self._player.name) for row in self._rows()]
        return sorted(games, key=lambda game: (not game.my_turn, _own_order(game.row)))

    def listed(self, rooms: Mapping[str, Row]) -> None:
        """These are in the lobby's list."""
        self._mine = [row for row in rooms.values() if self._player.name in row.players.values()]
        self._follow_some()

    def seen(self, view: View) -> None:
        """A room is like that: if it is private, and one has a seat there, it is remembered."""
        seated = view.seat_of(self._player.name) is not None
        if view.private and seated and view.phase != "closed":
            self._private[view.room] = row_of(view)
        else:
            self._private.pop(view.room, None)
        self._follow_some()

    def stop(self) -> None:
        """Want nothing more of them."""
        self.seats.stop()
        for task in self._followed.values():
            task.stop()

    def _rows(self) -> list[Row]:
        return [*self._mine, *self._private.values()]

    def _follow_some(self) -> None:
        self.seats.hold(*(row.room for row in self._rows() if goes_on(row)))
        worth_it = {row.room for row in sorted(self._rows(), key=_own_order)[:FOLLOWED]}
        for room in self._followed.keys() - worth_it:
            self._followed.pop(room).stop()
            self._views.pop(room, None)
        for room in worth_it - self._followed.keys():
            self._followed[room] = self._follow(room)

    def _follow(self, room: str, *, after_s: float = 0.0) -> Task:
        def items(stop: Event) -> Iterator[News]:
            return self._player.room(room).watch(stop=stop)

        def each(news: News) -> None:
            self._views[room] = news.view
            if room in self._private:
                self.seen(news.view)

        def ended(error: TicTacToeError | None) -> None:
            if isinstance(error, Refusal) and room in self._private:
                self._private.pop(room)  # no list says that it is gone
                self._follow_some()
            elif room in self._followed:
                self._followed[room] = self._follow(room, after_s=AGAIN_S)  # until the lobby says that it is gone

        return self._background.follow(items, each, ended, after_s=after_s)


def _own_order(row: Row) -> tuple[int, str]:
    """Where one's own room stands among one's own."""
    return _OWN_ORDER.get(row.phase, len(_OWN_ORDER)), row.room
