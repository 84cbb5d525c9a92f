"""The leaderboard of people or of bots, by rating."""

from __future__ import annotations

import tkinter as tk

from client.desktop.model.records.records import RecordsModel
from client.desktop.window.widgets.buttons import button
from client.desktop.window.widgets.screen import Act, Panel, in_grid, set_text
from client.desktop.window.widgets.table import Column, Table
from client.desktop.window.widgets.theme import Look
from client.texts import records as texts

_COLUMNS = tuple(
    Column(title, width, number)
    for title, width, number in zip(
        texts.RANKING, (36, 130, 90, 46, 50, 46), (True, False, True, True, True, True), strict=True
    )
)


class LeaderboardPanel(Panel[RecordsModel]):
    """A list of players. Choosing a player opens the player's page."""

    def __init__(self, parent: tk.Misc, look: Look, act: Act, model: RecordsModel) -> None:
        super().__init__(parent, look, act, model)
        self.rowconfigure(0, weight=1)
        self.table = in_grid(Table(self, look, _COLUMNS, self._open), sticky="nsew")
        self.other = in_grid(button(self, texts.SHOW_BOTS, self._switch), row=1, sticky="w", pady=(look.px(6), 0))

    def refresh(self) -> None:
        """Show the current ratings."""
        board = self.model.leaderboard
        entries = board.entries.value or []
        self.table.refresh(
            {
                s.name: (str(place), s.name, texts.rating(s), str(s.wins), str(s.draws), str(s.losses))
                for place, s in enumerate(entries, 1)
            },
            board.hint,
        )
        set_text(self.other, texts.SHOW_PEOPLE if board.bots else texts.SHOW_BOTS.text)

    def _switch(self) -> None:
        board = self.model.leaderboard
        self.act(lambda: board.show(bots=not board.bots))

    def _open(self, name: str) -> None:
        self.act(lambda: self.model.show_games(name))
