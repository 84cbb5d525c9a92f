"""The leaderboard of people or of bots, by rating."""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk

from client.desktop.model.records.records import RecordsModel
from client.desktop.window.widgets.screen import Act
from client.desktop.window.widgets.table import Column, Table
from client.desktop.window.widgets.theme import Style
from client.desktop.window.widgets.tooltips import hint

_COLUMNS = (
    Column("#", 36, number=True),
    Column("Player", 130),
    Column("Rating", 90, number=True),
    Column("Won", 46, number=True),
    Column("Drawn", 50, number=True),
    Column("Lost", 46, number=True),
)


class LeaderboardPanel(ttk.Frame):
    """A list of players. Choosing a player opens the player's page."""

    def __init__(self, parent: tk.Misc, look: Style, act: Act, model: RecordsModel) -> None:
        super().__init__(parent)
        self._act = act
        self._model = model
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.table = Table(self, look, _COLUMNS, self._open)
        self.table.grid(sticky="nsew")
        self.other = ttk.Button(self, bootstyle="ghost", command=self._switch)
        self.other.grid(row=1, sticky="w", pady=(look.px(6), 0))
        hint(self.other, "Games with bots are rated apart")

    def refresh(self) -> None:
        """Show the current ratings."""
        board = self._model.leaderboard
        standings = board.standings.value or []
        self.table.refresh(
            [
                (str(place), s.name, f"{s.rating} ± {s.deviation}", str(s.wins), str(s.draws), str(s.losses))
                for place, s in enumerate(standings, 1)
            ],
            board.hint,
        )
        text = "Show people" if board.bots else "Show bots"
        if self.other.cget("text") != text:
            self.other.configure(text=text)

    def _switch(self) -> None:
        board = self._model.leaderboard
        self._act(lambda: board.show(bots=not board.bots))

    def _open(self, number: int) -> None:
        standings = self._model.leaderboard.standings.value or []
        if number < len(standings):
            self._act(lambda: self._model.show_games(standings[number].name))
