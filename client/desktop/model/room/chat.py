"""The chat of a room, as one person reads it.

Muting is local: it is stored on this machine and never sent to a server.
"""

from __future__ import annotations

from collections.abc import Sequence

from client.desktop.model.base.background import Background, Task
from client.desktop.model.base.preferences import Preferences
from client.room import RoomClient, new_request_id
from client.room_news import News
from client.texts.phrases import sentence
from client.texts.room import too_long
from game.errors import InvalidArgument
from game.rooms.chat import KEPT_LINES, LONGEST_LINE, Line, clean
from game.rooms.events import Said
from game.rooms.remembered_requests import CommandAnswer
from wire.errors import TicTacToeError

SHOWN = 4 * KEPT_LINES


class ChatModel:
    """The chat lines, the number of unread lines, and the line being sent."""

    def __init__(self, room: RoomClient, background: Background, preferences: Preferences) -> None:
        self.me = room.name
        self.unread = 0
        """Lines of other people that arrived while the chat was not shown."""
        self.is_open = False
        """Whether the chat is shown."""
        self.sending = ""
        """The line that is sent and not yet answered; empty if there is none."""
        self.draft = ""
        """The text that was refused, for the user to correct."""
        self.notice = ""
        self._room = room
        self._background = background
        self.preferences = preferences
        """Which people are muted, and whether the lines of spectators are hidden."""
        # In order of version, each version once; at most ``SHOWN``.
        self._lines: list[Line] = []
        self._task = Task()

    # -- state to show ------------------------------------------------------------------------------------------------

    @property
    def lines(self) -> list[Line]:
        """The lines to show, oldest first."""
        return [line for line in self._lines if not self._hidden(line)]

    @property
    def people(self) -> list[str]:
        """The other people with a line in the list, for muting and unmuting."""
        return list(dict.fromkeys(line.by for line in self._lines if line.by != self.me))

    def set_open(self, is_open: bool) -> None:
        """Record whether the chat is shown."""
        self.is_open = is_open
        if is_open:
            self.unread = 0

    # -- messages -----------------------------------------------------------------------------------------------------

    def send(self, text: str) -> bool:
        """Send a line to everybody in the room. One line at a time is sent. Return whether it is being sent."""
        if self.sending:
            return False
        try:
            said = clean(text)
        except InvalidArgument:
            self.notice = too_long(LONGEST_LINE) if text.strip() else ""
            return False
        self.sending, self.draft, self.notice = said, "", ""
        request_id = new_request_id()
        self._task = self._background.call(
            lambda: self._room.say(said, request_id=request_id), self._sent, self._refused
        )
        return True

    def news(self, news: News) -> None:
        """Take in the new lines."""
        if news.talk or news.gap:
            self._add(news.talk)
        said = ((version, event) for version, event in news.events if isinstance(event, Said))
        self._add([Line(version, e.by, e.seat, e.text, e.at, e.date) for version, e in said], new=True)

    def stop(self) -> None:
        """Stop the background work."""
        self._task.stop()

    def _add(self, lines: Sequence[Line], *, new: bool = False) -> None:
        known = self._lines[-1].version if self._lines else 0
        fresh = [line for line in lines if line.version > known]
        self._lines = [*self._lines, *fresh][-SHOWN:]
        if new and not self.is_open:
            self.unread += sum(line.by != self.me and not self._hidden(line) for line in fresh)

    def _hidden(self, line: Line) -> bool:
        muted, hides_spectators = self.preferences.muted, self.preferences.hides_spectators
        return line.by in muted or (line.seat is None and hides_spectators and line.by != self.me)

    def _sent(self, _: CommandAnswer) -> None:
        self.sending = ""

    def _refused(self, error: TicTacToeError) -> None:
        self.draft, self.sending = self.sending, ""
        self.notice = sentence(error.message)
