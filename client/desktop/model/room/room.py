"""A room as one person sees it: what is shown, what can be done, and what is pending.

The board on screen is the servers' view plus at most one pending move of the user, until the view has it. A command is
retried with the same request id until it is answered. So a move made during an outage is applied or refused afterwards.
Chat, selection, access and result have models of their own; this model passes the news to them. The rest is one
class, because what is shown and what can be done follow from the same view and pending command.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from threading import Event
from typing import Literal

from client.desktop.model.base.background import Background, Task
from client.desktop.model.base.connection_state import Link
from client.desktop.model.base.pending_command import PendingCommand
from client.desktop.model.base.preferences import Preferences
from client.desktop.model.room.access import AccessModel
from client.desktop.model.room.board_scene import Scene, scene
from client.desktop.model.room.chat import ChatModel
from client.desktop.model.room.clocks import Face, ServiceTimeEstimate, changes_with_time, faces
from client.desktop.model.room.offers import CLAIM_AFTER_MS, Bar, BarButton, Verb, bars
from client.desktop.model.room.result import LookUp, ResultModel
from client.desktop.model.room.selection import SelectionModel
from client.desktop.model.room.stepping import Steps
from client.room import RoomClient, new_request_id
from client.room_news import News
from client.seats import needs_players
from client.texts.offers import outcome
from client.texts.phrases import sentence
from client.texts.room import closed
from game.errors import RoomClosed
from game.forms.room_view import View
from game.games.tictactoe import EMPTY
from game.match.offers import OfferKind
from game.rooms.remembered_requests import CommandAnswer
from game.rules import Seat
from wire.errors import TicTacToeError

Role = Literal["player", "spectator"]


class RoomModel:
    """A room that the user is in, from ``enter`` until ``leave``."""

    def __init__(
        self,
        room: RoomClient,
        background: Background,
        *,
        preferences: Preferences,
        look_up: LookUp,
        claim_after_ms: int = CLAIM_AFTER_MS,
        left: Callable[[str], None],
        changed: Callable[[View], None] = lambda _: None,
    ) -> None:
        """``look_up`` finds finished games; ``claim_after_ms`` is a setting of the servers.

        ``left`` is called when the user is out of the room, with a message for the user or an empty text. ``changed``
        is called with every view.
        """
        self.id = room.id
        self.me = room.name
        # The latest view; None until the first news.
        self.view: View | None = None
        self.link = Link()
        self.command = PendingCommand(background, self.link, gone=self._gone)
        self.steps = Steps()
        self.chat = ChatModel(room, background, preferences)
        self.selection = SelectionModel(room, self.command)
        self.access = AccessModel(room, self.command, background)
        self.result = ResultModel(room.name, background, look_up)
        self._room = room
        self._background = background
        self._left = left
        self._changed = changed
        self._claim_after_ms = claim_after_ms
        self._time = ServiceTimeEstimate()
        self._watch_task = Task()

    # -- state to show ------------------------------------------------------------------------------------------------

    @property
    def seat(self) -> Seat | None:
        """The user's seat; None for spectators."""
        return None if self.view is None else self.view.seat_of(self.me)

    @property
    def my_turn(self) -> bool:
        """Whether it is the user's turn and no command is pending."""
        view = self.view
        if view is None or view.phase != "playing" or self.command.pending is not None:
            return False
        return self.seat is not None and view.turn == self.seat

    @property
    def has_free_seat(self) -> bool:
        """Whether a spectator could take a seat."""
        return self.view is not None and self.view.phase == "waiting" and None in self.view.seats.values()

    @property
    def can_close(self) -> bool:
        """Whether the user may close the room permanently."""
        return self.view is not None and self.view.owner == self.me and self.view.phase in ("waiting", "finished")

    @property
    def at(self) -> int:
        """The current service time, in ms."""
        return self._time.at(time.monotonic())

    @property
    def changes_with_time(self) -> bool:
        """Whether the screen changes with time alone."""
        return self.view is not None and changes_with_time(self.view)

    def faces(self) -> Mapping[Seat, Face] | None:
        """Return the clocks as they are now; None if there are none."""
        return None if self.view is None else faces(self.view, self.at)

    def bars(self) -> tuple[Bar, ...]:
        """Return the bars under the board: the outcome of the last offer, pending offers and countdowns."""
        if self.view is None:
            return ()
        last = (Bar(self.command.outcome),) if self.command.outcome else ()
        return last + bars(self.view, self.me, self.at, claim_after_ms=self._claim_after_ms)

    def can_play(self, cell: int) -> bool:
        """Return whether a move on that cell can be sent now."""
        if self.view is None or not self.my_turn or self.steps.looks_back:
            return False
        return bool(self.view.board["cells"][cell] == EMPTY)

    def scene(self) -> Scene | None:
        """Return the board to draw; None before the first view."""
        if self.view is None:
            return None
        cell = None if self.command.pending is None else self.command.pending.cell
        return scene(self.view, self.seat, step=self.steps.back, pending=cell)

    # -- actions ------------------------------------------------------------------------------------------------------

    def enter(self, role: Role) -> None:
        """Enter the room: take a seat, return to the user's seat, or watch."""
        self.command.send(self._room.join, role, on_answer=self._follow)

    def take_seat(self) -> None:
        """Become a player instead of a spectator."""
        self.command.send(self._room.join, "player")

    def play(self, cell: int) -> None:
        """Make a move, if ``can_play`` allows it. Otherwise nothing is sent."""
        if self.can_play(cell):
            self.command.send(self._room.move, cell, cell=cell)

    def resign(self) -> None:
        """Resign. The first call only asks for confirmation."""
        if self.view is None or self.view.phase != "playing" or self.seat is None:
            return
        if not self.command.confirming_resign:
            self.command.confirming_resign = True
            return
        self.command.confirming_resign = False
        self.command.send(self._room.resign)

    def keep_playing(self) -> None:
        """Cancel the confirmation of a resignation."""
        self.command.confirming_resign = False

    def offer(self, what: OfferKind) -> None:
        """Offer that to the opponent."""
        self.command.send(self._room.offer, what)

    def reply(self, reply: BarButton) -> None:
        """Do what a bar's button stands for."""
        room = self._room
        calls: Mapping[Verb, Callable[..., CommandAnswer]] = {
            "accept": room.accept,
            "decline": room.decline,
            "claim": room.claim_game,
        }
        self.command.send(calls[reply.verb], reply.what)

    @property
    def can_offer_rematch(self) -> bool:
        """Whether the user can offer a rematch and has not done so."""
        return self.view is not None and self.view.phase == "finished" and self.seat not in (None, *self.view.rematch)

    def rematch(self) -> None:
        """Offer a rematch."""
        if self.can_offer_rematch:
            self.command.send(self._room.rematch)

    def close(self) -> None:
        """Close the room permanently."""
        if self.can_close:
            self.command.send(self._room.close)

    @property
    def has_game(self) -> bool:
        """Whether the user has a seat in a game that is running or about to begin."""
        return self.view is not None and self.seat is not None and needs_players(self.view)

    def step_out(self) -> None:
        """Show something else. The player stays present while the window is open."""
        self.stop()
        self._left("")

    def leave(self) -> Task:
        """Leave the room; the seat stays the user's.

        The window leaves at once, and the returned task informs the servers. Stop the task if the user enters again
        before it is done; otherwise the late ``leave`` would make the player absent.
        """
        self.stop()
        request_id = new_request_id()
        task = self._background.call(lambda: self._room.leave(request_id=request_id))
        self._left("")
        return task

    def stop(self) -> None:
        """Stop all background work of the room."""
        for part in (self.command, self.chat, self.access, self.result, self._watch_task):
            part.stop()

    # -- results ------------------------------------------------------------------------------------------------------

    def _gone(self, error: TicTacToeError) -> bool:
        """Handle a refused command. Return whether the user must leave the room because of it."""
        if not isinstance(error, RoomClosed) and self.view is not None:
            return False
        self.stop()
        self._left(sentence(error.message))
        return True

    def _follow(self) -> None:
        self._watch_task = self._background.follow(self._watch, self._news, self._goes_on)

    def _watch(self, stop: Event) -> Iterator[News]:
        """Watch the room from the current version."""
        on_link = self._background.link_callback("watch", self.link, self._time)
        return self._room.watch(None if self.view is None else self.view.version, stop=stop, on_link=on_link)

    def _news(self, news: News) -> None:
        before, self.view = self.view, news.view
        self._time.set(news.at, time.monotonic())
        self.command.update(news.view.version)
        if before is None or before.moves != news.view.moves:
            self.steps.to_end(len(news.view.moves))
        if news.view.phase != "playing":
            self.command.confirming_resign = False
        if before is not None and before.game_number != news.view.game_number:
            self.command.notice = self.command.outcome = ""
        self.command.outcome = outcome(before, news, self.me) or self.command.outcome
        self.chat.news(news)
        self.selection.update(news.view)
        self.access.update(news.view)
        self.result.update(news.view)
        self._changed(news.view)
        if news.view.phase == "closed":
            self.stop()
            self._left(closed(news.view))

    def _goes_on(self, error: TicTacToeError) -> bool:
        """Leave the room if its news are refused, for example to a removed spectator."""
        refused = error.fault == "caller"
        if refused:
            self.stop()
            self._left(sentence(error.message))
        return not refused
