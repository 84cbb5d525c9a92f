"""Play now: asking for a match, waiting for it, the house bot's offer, and thinking better of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

from client.desktop.model.base.background import Background, Task, until_answered
from client.desktop.model.base.connection_state import Link
from client.desktop.model.base.words import sentence
from client.player import Player, Waiting
from client.room import RoomClient, new_request_id
from game.games.registry import DEFAULT_GAME, short_list
from game.games.selection import ANY, SeekFilter
from wire.errors import TicTacToeError

BOARDS = (ANY, *short_list(DEFAULT_GAME).boards)
CLOCKS = (ANY, *short_list(DEFAULT_GAME).clocks)

HOUSE_BOT_OFFERS = "Nobody yet. Play the house bot? It is a program, and plays at once."


class SeekingModel:
    """One's wish, and how it stands with it. What is found is handed on, and forgotten here."""

    def __init__(
        self,
        player: Player,
        background: Background,
        link: Link,
        *,
        found: Callable[[RoomClient], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``found`` is called with the room of a match, in which one has a seat."""
        self.wish = SeekFilter()
        self.message = ""
        """What went wrong."""
        self.is_seeking = False
        self.is_cancelling = False
        self._player = player
        self._background = background
        self._link = link
        self._found = found
        self._clock = clock
        self._since = 0.0
        self._offered = False
        self._refused_bot = False
        self._enough = Event()
        self._seeking: Task | None = None
        self._telling: Task | None = None

    # -- what is to be seen -----------------------------------------------------------------------------------------

    @property
    def waited_s(self) -> int:
        """For how many seconds one has waited."""
        return int(self._clock() - self._since) if self.is_seeking else 0

    @property
    def house_bot_offers(self) -> bool:
        """Whether the servers' own bot offers to play, since nobody else does."""
        return self.is_seeking and self._offered and not self._refused_bot and not self.is_cancelling

    @property
    def words(self) -> str:
        """How it stands, in a few words."""
        if not self.is_seeking:
            return self.message
        if self.is_cancelling:
            return "Cancelling …"
        return f"Looking for an opponent … {self.waited_s} s"

    # -- what can be done -------------------------------------------------------------------------------------------

    def wish_for(self, *, board: str | None = None, clock: str | None = None) -> None:
        """Wish for that, the next time one plays."""
        self.wish = SeekFilter(self.wish.board if board is None else board, self.wish.clock if clock is None else clock)

    def play(self) -> None:
        """Ask for a match, unless one does already."""
        if self.is_seeking:
            return
        self.is_seeking, self.is_cancelling, self._offered, self._refused_bot = True, False, False, False
        self.message, self._since = "", self._clock()
        on_link = self._background.hears("seek", self._clock, self._link)
        wish = self.wish
        enough = self._enough = Event()

        def on_wait(waiting: Waiting) -> None:
            self._background.tell(lambda: self._waits(waiting))

        def work(stop: Event) -> RoomClient | None:
            return until_answered(lambda: self._player.seek(wish, stop=enough, on_wait=on_wait, on_link=on_link), stop)

        self._seeking = self._background.do(work, self._ended, self._failed)

    def cancel(self) -> None:
        """Wait no more. Who is matched by then plays all the same: somebody is there."""
        if not self.is_seeking or self.is_cancelling:
            return
        self.is_cancelling = True
        self._enough.set()  # it ends by itself, within seconds; said to the servers too, it ends at once
        self._telling = self._background.do(lambda stop: until_answered(self._player.cancel_seek, stop))

    def keep_waiting(self) -> None:
        """Rather somebody than the house bot."""
        self._refused_bot = True

    def play_house_bot(self) -> None:
        """Play it, at once."""
        if not self.house_bot_offers:
            return
        self._refused_bot = True
        request_id, wish = new_request_id(), self.wish

        def work(stop: Event) -> RoomClient:
            return until_answered(lambda: self._player.play_house_bot(wish, request_id=request_id), stop)

        def refused(error: TicTacToeError) -> None:
            self.message = sentence(error.message)

        self._telling = self._background.do(work, self._ended, refused)

    def stop(self) -> None:
        """Want nothing more of it; the servers hear of that within seconds."""
        self._enough.set()
        for task in (self._seeking, self._telling):
            if task is not None:
                task.stop()
        self._rest()

    # -- what comes back --------------------------------------------------------------------------------------------

    def _waits(self, waiting: Waiting) -> None:
        self._offered = waiting.house_bot

    def _ended(self, room: RoomClient | None) -> None:
        if not self.is_seeking:
            return  # the house bot's room and the queue's answer: the first that came was enough
        self._rest()
        if room is not None:
            self._found(room)

    def _failed(self, error: TicTacToeError) -> None:
        self._rest()
        self.message = sentence(error.message)

    def _rest(self) -> None:
        self._link.answered("seek", self._clock())
        self.is_seeking = self.is_cancelling = False
