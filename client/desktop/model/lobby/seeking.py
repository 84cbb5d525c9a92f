"""Play now: seek a match, wait for it, answer the house bot's offer, or cancel."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

from client.desktop.model.base.background import Background, Task
from client.desktop.model.base.connection_state import Link
from client.player import Player, Waiting
from client.room import RoomClient, new_request_id
from client.texts import lobby as texts
from client.texts.phrases import sentence
from game.games.registry import DEFAULT_GAME, short_list
from game.match.selection import ANY, SeekFilter
from wire.errors import TicTacToeError

BOARDS = (ANY, *short_list(DEFAULT_GAME).boards)
CLOCKS = (ANY, *short_list(DEFAULT_GAME).clocks)


class SeekingModel:
    """The user's filter and the state of the seek. A match that is found goes to ``found`` and is not kept here."""

    def __init__(
        self,
        player: Player,
        background: Background,
        link: Link,
        *,
        found: Callable[[RoomClient], None],
    ) -> None:
        """``found`` is called with the room of a match, in which the user has a seat."""
        self.filter = SeekFilter()
        self.message = ""
        """The text of the last error."""
        self.is_seeking = False
        self.is_cancelling = False
        self._player = player
        self._background = background
        self._link = link
        self._found = found
        self._since = 0.0
        self._offered = False
        self._bot_declined = False
        # Set to end the current seek. Each seek has an event of its own.
        self._stop_seek = Event()
        self._seeking, self._request = Task(), Task()

    # -- state to show ------------------------------------------------------------------------------------------------

    @property
    def waited_s(self) -> int:
        """The seconds waited so far."""
        return int(time.monotonic() - self._since) if self.is_seeking else 0

    @property
    def house_bot_offers(self) -> bool:
        """Whether the house bot offers to play, because nobody else is available."""
        return self.is_seeking and self._offered and not self._bot_declined and not self.is_cancelling

    @property
    def status(self) -> str:
        """The state of the seek in a few words."""
        if not self.is_seeking:
            return self.message
        if self.is_cancelling:
            return texts.CANCELLING
        return texts.looking_for_opponent(self.waited_s)

    # -- actions ------------------------------------------------------------------------------------------------------

    def set_filter(self, **parts: str) -> None:
        """Set parts of the next seek's filter: ``board``, ``clock``."""
        self.filter = self.filter._replace(**parts)

    def play(self) -> None:
        """Seek a match, unless a seek is in progress."""
        if self.is_seeking:
            return
        self.is_seeking, self.is_cancelling, self._offered, self._bot_declined = True, False, False, False
        self.message, self._since = "", time.monotonic()
        on_link = self._background.link_callback("seek", self._link)
        wish = self.filter
        stop_seek = self._stop_seek = Event()

        def on_wait(waiting: Waiting) -> None:
            self._background.post(lambda: self._waits(waiting))

        self._seeking = self._background.call(
            lambda: self._player.seek(wish, stop=stop_seek, on_wait=on_wait, on_link=on_link),
            self._ended,
            self._failed,
        )

    def cancel(self) -> None:
        """Cancel the seek. If a match was made before, it is played: an opponent waits in it."""
        if not self.is_seeking or self.is_cancelling:
            return
        self.is_cancelling = True
        self._stop_seek.set()  # the seek ends by itself within seconds; the call to the servers ends it at once
        self._request = self._background.call(self._player.cancel_seek)

    def keep_waiting(self) -> None:
        """Decline the house bot, and wait for a person."""
        self._bot_declined = True

    def play_house_bot(self) -> None:
        """Play the house bot at once."""
        if not self.house_bot_offers:
            return
        self._bot_declined = True
        request_id, wish = new_request_id(), self.filter

        self._request = self._background.call(
            lambda: self._player.play_house_bot(wish, request_id=request_id), self._ended, self._refused
        )

    def stop(self) -> None:
        """Stop the background work. The seek on the servers ends within seconds."""
        self._stop_seek.set()
        self._seeking.stop()
        self._request.stop()
        self._end_seek()

    # -- results ------------------------------------------------------------------------------------------------------

    def _waits(self, waiting: Waiting) -> None:
        self._offered = waiting.house_bot

    def _ended(self, room: RoomClient | None) -> None:
        if not self.is_seeking:
            return  # the house bot's room and the queue's answer can both arrive: the first one counts
        self._end_seek()
        if room is not None:
            self._found(room)

    def _failed(self, error: TicTacToeError) -> None:
        self._end_seek()
        self._refused(error)

    def _refused(self, error: TicTacToeError) -> None:
        self.message = sentence(error.message)

    def _end_seek(self) -> None:
        self._link.answered("seek", time.monotonic())
        self.is_seeking = self.is_cancelling = False
