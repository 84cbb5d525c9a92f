"""The user's open games on top of the lobby: the state of each, and a button to return to it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

import ttkbootstrap as ttk

from client.desktop.model.lobby.open_games import OpenGame
from client.desktop.window.widgets.buttons import hint
from client.desktop.window.widgets.screen import set_text, show
from client.desktop.window.widgets.theme import Look
from client.texts import lobby as texts

SHOWN = 3


class OpenGamesPanel(ttk.Frame):
    """The first open games, a line each; hidden if there are none."""

    def __init__(self, parent: tk.Misc, look: Look, enter: Callable[[str], None]) -> None:
        super().__init__(parent)
        self._look = look
        self._enter = enter
        self._lines: dict[str, _GameLine] = {}
        self.columnconfigure(0, weight=1)

    def refresh(self, games: Sequence[OpenGame]) -> None:
        """Show the games' current state."""
        shown = games[:SHOWN]
        for room in self._lines.keys() - {game.row.room for game in shown}:
            self._lines.pop(room).destroy()
        for number, game in enumerate(shown):
            line = self._lines.get(game.row.room)
            if line is None:
                line = self._lines[game.row.room] = _GameLine(self, self._look, game.row.room, self._enter)
            line.show(game, number)
        show(self, bool(shown))


class _GameLine:
    """The line of an open game, with the button that returns to it.

    It lives as long as the game is shown. A button that is made again at every refresh would lose clicks.
    """

    def __init__(self, parent: ttk.Frame, look: Look, room: str, enter: Callable[[str], None]) -> None:
        self._look = look
        self._number: int | None = None
        self._text = ttk.Label(parent)
        self._back = ttk.Button(parent, command=lambda: enter(room))
        hint(self._back, texts.BACK_TO_GAME)

    def show(self, game: OpenGame, number: int) -> None:
        """Show the game's state on line ``number``."""
        look, palette = self._look, self._look.palette
        set_text(self._text, texts.room_of(game.text, game.row), palette.tones["you"] if game.my_turn else palette.text)
        self._text.configure(font=look.font(11, bold=game.my_turn))
        set_text(self._back, texts.CONTINUE if game.row.phase == "playing" else texts.RETURN)
        self._back.configure(bootstyle="primary" if game.my_turn else "outline")
        if number != self._number:
            self._number = number
            self._text.grid(row=number, column=0, sticky="w", pady=look.px(3))
            self._back.grid(row=number, column=1, sticky="e", pady=look.px(3))

    def destroy(self) -> None:
        """Remove the line: the game is not the user's any more, or not among the first."""
        self._text.destroy()
        self._back.destroy()
