"""After the last game of a series: who won it, and the rating change, once the game archive has it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from client.desktop.model.base.background import Background, Task, until_answered
from client.game_archive import Change, Played
from client.texts.series_result import counted, result_text, with_rating
from game.errors import NoSuchGame
from game.forms.room_view import View

LookUp = Callable[[str, int], Played]
"""Returns a game by its room and its number there. Raises NoSuchGame while the game archive does not have it."""
AGAIN_S = 0.2
LONGEST_S = 30.0
"""How long to wait for a game to appear in the game archive, in seconds."""


class ResultModel:
    """The result of the finished series in a room, if there is one."""

    def __init__(self, me: str, background: Background, look_up: LookUp) -> None:
        self.text = ""
        """The text to show; empty while no series is over."""
        self._me = me
        self._background = background
        self._look_up = look_up
        # The room and game number of the result in ``text``; None while no series is over.
        self._known: tuple[str, int] | None = None
        self._task = Task()

    def update(self, view: View) -> None:
        """Take in the room's current view."""
        if view.phase != "finished" or not view.series_over:
            self.stop()
            self.text, self._known = "", None
            return
        this = (view.room, view.game_number)
        if this == self._known:
            return
        self._known = this
        self.text = result_text(view, self._me)
        games = counted(view)
        if view.rated and games and view.seat_of(self._me) is not None:
            self._look_up_rating(view.room, games)

    def stop(self) -> None:
        """Stop the background work."""
        self._task.stop()

    def _look_up_rating(self, room: str, games: range) -> None:
        result = self.text

        def work(stop: Event) -> Change | None:
            first, last = (self._found(room, number, stop) for number in (games[0], games[-1]))
            before = None if first is None else first.changes.get(self._me)
            after = None if last is None else last.changes.get(self._me)
            return None if before is None or after is None else Change(before.before, after.after)

        def then(change: Change | None) -> None:
            if change is not None:
                self.text = with_rating(result, change.before, change.after)

        self._task = self._background.run(work, then)

    def _found(self, room: str, number: int, stop: Event) -> Played | None:
        """Return the game, once the archive has it; None if stopped, or after ``LONGEST_S`` seconds."""
        for _ in range(round(LONGEST_S / AGAIN_S)):
            try:
                return until_answered(lambda: self._look_up(room, number), stop)
            except NoSuchGame:
                if stop.wait(AGAIN_S):
                    break
        return None
