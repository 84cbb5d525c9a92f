"""The archive: finished games, the latest first; a player's page also has the player's results."""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk

from client.desktop.model.records.records import RecordsModel
from client.desktop.window.widgets.buttons import hint
from client.desktop.window.widgets.screen import Act, Panel, in_grid, set_text, show
from client.desktop.window.widgets.table import Column, Table
from client.desktop.window.widgets.theme import Look
from client.game_archive import Played
from client.texts import records as texts
from client.texts.game_text import date_text
from client.texts.games import board_size

_COLUMNS = tuple(map(Column, texts.ARCHIVE, (84, 150, 110, 90)))


class ArchivePanel(Panel[RecordsModel]):
    """A list of games. Choosing a game opens it."""

    def __init__(self, parent: tk.Misc, look: Look, act: Act, model: RecordsModel) -> None:
        super().__init__(parent, look, act, model)
        self.rowconfigure(1, weight=1)
        head = in_grid(ttk.Frame(self), row=0, sticky="ew", pady=(0, look.px(6)))
        head.columnconfigure(0, weight=1)
        self.title = in_grid(ttk.Label(head, font=look.font(13, bold=True)), row=0, column=0, sticky="w")
        ttk.Label(head, text=texts.PLAYER.text).grid(row=0, column=1, padx=look.px(6))
        self.player = in_grid(ttk.Entry(head, width=14), row=0, column=2)
        self.player.bind("<Return>", lambda _: self._find())
        self.results = in_grid(ttk.Label(head, justify="left"), row=1, column=0, columnspan=3, sticky="w")
        self.table = in_grid(Table(self, look, _COLUMNS, self._open), row=1, sticky="nsew")
        self.earlier = ttk.Button(self, text=texts.EARLIER, bootstyle="ghost", command=self._earlier)
        self.earlier.grid(row=2, sticky="w", pady=(look.px(6), 0))
        hint(self.player, texts.PLAYER.hint)

    def refresh(self) -> None:
        """Show the model's current state."""
        archive = self.model.archive
        set_text(self.title, archive.name or texts.ALL_GAMES, self.look.palette.text)
        set_text(self.results, archive.results, self.look.palette.quiet)
        show(self.results, bool(archive.results))
        self.table.refresh({str(number): _row(played) for number, played in enumerate(self._games())}, archive.hint)
        show(self.earlier, archive.has_earlier)

    def _games(self) -> tuple[Played, ...]:
        games = self.model.archive.games.value
        return () if games is None else games.games

    def _open(self, number: str) -> None:
        games = self._games()
        self.act(lambda: self.model.open(games[int(number)]))

    def _earlier(self) -> None:
        self.act(self.model.archive.show_earlier)

    def _find(self) -> None:
        name = self.player.get().strip()
        self.act(lambda: self.model.show_games(name))


def _row(played: Played) -> tuple[str, ...]:
    record = played.record
    winner = texts.NO_WINNER if record.winner is None else record.seats[record.winner]
    return date_text(record), texts.players(record), board_size(record.options), winner
