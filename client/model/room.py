"""One room as one person sees it: what is shown, what can be done, and what is under way.

The board on screen is the servers' view, plus at most one move of one's own that they have not answered yet. A command
is asked again, with the same request id, until it is answered: so a move made while the servers are away is played once
they are back, or said to be refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event
from typing import Literal

from client.model.background import Background, Task, until_answered
from client.model.link import Link
from client.model.scene import Scene, scene
from client.model.words import sentence
from client.room import News, RoomClient, new_request_id
from client.views import View
from game.errors import RoomClosed
from game.requests import Answer
from game.rules import Seat
from game.tictactoe import EMPTY
from wire.errors import TicTacToeError

Role = Literal["player", "spectator"]

AGAIN_S = 0.2
"""After the servers were away for longer than a call goes on: the pause before asking anew."""


@dataclass(frozen=True)
class Pending:
    """A command that has no answer yet, or whose effect is not in the view yet; ``cell`` if it is a move."""

    what: str
    cell: int | None = None
    version: int | None = None


class RoomModel:
    """A room one is in, from ``enter`` until ``leave``."""

    def __init__(
        self,
        room: RoomClient,
        background: Background,
        *,
        left: Callable[[str], None],
        changed: Callable[[View], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``left`` is called when one is out of the room, with what is to be said about it, if anything; ``changed``
        with every view.
        """
        self.id = room.id
        self.me = room.name
        self.view: View | None = None
        self.pending: Pending | None = None
        self.notice = ""
        """What was refused, until one does something else or another game begins."""
        self.asks_to_resign = False
        self.link = Link()
        self._room = room
        self._background = background
        self._left = left
        self._changed = changed
        self._clock = clock
        self._step: int | None = None
        self._watching: Task | None = None
        self._command: Task | None = None

    # -- what is to be seen -----------------------------------------------------------------------------------------

    @property
    def seat(self) -> Seat | None:
        """One's own seat; None for spectators."""
        return None if self.view is None else self.view.seat_of(self.me)

    @property
    def my_turn(self) -> bool:
        """Whether one is to move, and has not done so yet."""
        view = self.view
        if view is None or view.phase != "playing" or self.pending is not None:
            return False
        return self.seat is not None and view.turn == self.seat

    @property
    def has_free_seat(self) -> bool:
        """Whether somebody who watches could take a seat."""
        return self.view is not None and self.view.phase == "waiting" and None in self.view.seats.values()

    @property
    def can_close(self) -> bool:
        """Whether one may close the room for good."""
        return self.view is not None and self.view.owner == self.me and self.view.phase in ("waiting", "finished")

    @property
    def steps(self) -> int:
        """How many moves the game has so far."""
        return 0 if self.view is None else len(self.view.moves)

    @property
    def step(self) -> int:
        """After how many of them the position on screen is."""
        return self.steps if self._step is None else self._step

    @property
    def looks_back(self) -> bool:
        """Whether the position on screen is an earlier one."""
        return self._step is not None

    def can_play(self, cell: int) -> bool:
        """Whether a move on that cell may be tried now."""
        if self.view is None or not self.my_turn or self.looks_back:
            return False
        return bool(self.view.board["cells"][cell] == EMPTY)

    def scene(self) -> Scene | None:
        """The board to draw; None before there is a view."""
        if self.view is None:
            return None
        cell = None if self.pending is None else self.pending.cell
        return scene(self.view, self.seat, step=self._step, pending=cell)

    # -- what can be done -------------------------------------------------------------------------------------------

    def enter(self, role: Role) -> None:
        """Come in: take a seat, come back to one's own, or watch."""
        request_id = new_request_id()
        self._ask("join", lambda: self._room.join(role, request_id=request_id), on_answer=self._watch)

    def take_seat(self) -> None:
        """Play instead of watching."""
        request_id = new_request_id()
        self._ask("join", lambda: self._room.join("player", request_id=request_id))

    def play(self, cell: int) -> None:
        """Move, if one may; what may not be is not even sent."""
        if not self.can_play(cell):
            return
        request_id = new_request_id()
        self._ask("move", lambda: self._room.move(cell, request_id=request_id), cell=cell)

    def resign(self) -> None:
        """Give up: the first time it only asks whether one is sure."""
        if self.view is None or self.view.phase != "playing" or self.seat is None:
            return
        if not self.asks_to_resign:
            self.asks_to_resign = True
            return
        self.asks_to_resign = False
        request_id = new_request_id()
        self._ask("resign", lambda: self._room.resign(request_id=request_id))

    def go_on_playing(self) -> None:
        """Not resign after all."""
        self.asks_to_resign = False

    def rematch(self) -> None:
        """Wish for another game."""
        if self.view is not None and self.view.phase == "finished" and self.seat not in (None, *self.view.rematch):
            request_id = new_request_id()
            self._ask("rematch", lambda: self._room.rematch(request_id=request_id))

    def close(self) -> None:
        """Close the room for good."""
        if self.can_close:
            request_id = new_request_id()
            self._ask("close", lambda: self._room.close(request_id=request_id))

    def leave(self) -> Task:
        """Go; the seat stays one's own. One is out at once, whatever the servers do; the task tells them.

        Stop the task when one goes in again before they heard it.
        """
        self.stop()
        request_id = new_request_id()
        telling = self._background.do(
            lambda stop: until_answered(lambda: self._room.leave(request_id=request_id), stop)
        )
        self._left("")
        return telling

    def stop(self) -> None:
        """Want nothing more of the room."""
        for task in (self._watching, self._command):
            if task is not None:
                task.stop()

    def go(self, by: int) -> None:
        """Look at the position so many moves later (or earlier, below 0); never past either end."""
        to = max(0, min(self.steps, self.step + by))
        self._step = None if to == self.steps else to

    # -- what comes back --------------------------------------------------------------------------------------------

    def _ask(
        self,
        what: str,
        call: Callable[[], Answer],
        *,
        cell: int | None = None,
        on_answer: Callable[[], None] = lambda: None,
    ) -> None:
        if self.pending is not None:
            return
        self.pending = Pending(what, cell)
        self.notice = ""
        self.asks_to_resign = False
        self.link.lost("command", self._clock())

        def then(answer: Answer) -> None:
            self.link.answered("command", self._clock())
            self.pending = Pending(what, cell, answer.version)
            self._settle()
            on_answer()

        def failed(error: TicTacToeError) -> None:
            self.link.answered("command", self._clock())
            self.pending = None
            if isinstance(error, RoomClosed) or self.view is None:
                self.stop()
                self._left(sentence(error.message))
            else:
                self.notice = f"That was refused: {error.message}."

        self._command = self._background.do(lambda stop: until_answered(call, stop), then, failed)

    def _watch(self, *, after_s: float = 0.0) -> None:
        """Follow the room from the version one has, as long as one is in it."""
        after = None if self.view is None else self.view.version

        on_link = self._background.hears(self.link, "watch", self._clock)

        def items(stop: Event) -> Iterator[News]:
            return self._room.watch(after, stop=stop, on_link=on_link)

        self._watching = self._background.follow(items, self._news, self._watch_ended, after_s=after_s)

    def _news(self, news: News) -> None:
        before, self.view = self.view, news.view
        self._settle()
        if before is None or before.moves != news.view.moves:
            self._step = None
        if news.view.phase != "playing":
            self.asks_to_resign = False
        if before is not None and before.game_number != news.view.game_number:
            self.notice = ""
        self._changed(news.view)
        if news.view.phase == "closed":
            self.stop()
            self._left(f"The room “{news.view.title or news.view.room}” was closed.")

    def _watch_ended(self, error: TicTacToeError | None) -> None:
        """The servers were away for longer than one call goes on: go on from the version one has."""
        if error is not None and error.fault == "caller":
            self.stop()
            self._left(sentence(error.message))
        else:
            self._watch(after_s=AGAIN_S)

    def _settle(self) -> None:
        """A command whose effect is in the view is under way no more."""
        pending, view = self.pending, self.view
        if pending is None or pending.version is None:
            return
        if pending.what == "join" or (view is not None and view.version >= pending.version):
            self.pending = None
