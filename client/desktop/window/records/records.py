"""Leaderboard, players and games on one screen: tabs on top, below them a list or the shown game."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from tkinter import filedialog

import ttkbootstrap as ttk

from client.desktop.model.records.records import RecordsModel
from client.desktop.window.records.archive import ArchivePanel
from client.desktop.window.records.leaderboard import LeaderboardPanel
from client.desktop.window.records.replay import ReplayPanel
from client.desktop.window.widgets.buttons import button
from client.desktop.window.widgets.screen import Act, Screen, in_grid, set_text, show
from client.desktop.window.widgets.theme import Look
from client.texts import records as texts
from client.texts.phrases import Caption


class RecordsScreen(Screen[RecordsModel]):
    """The screen of the game archive and the leaderboard."""

    def __init__(self, parent: tk.Misc, look: Look, act: Act, model: RecordsModel) -> None:
        super().__init__(parent, look, act, model)
        # The panel of the model's replay; None while a list is shown.
        self.replay: ReplayPanel | None = None
        self.rowconfigure(1, weight=1)
        self._build_top()
        self.leaderboard = in_grid(LeaderboardPanel(self, look, act, model), row=1, sticky="nsew")
        self.archive = in_grid(ArchivePanel(self, look, act, model), row=1, sticky="nsew")
        self.message = ttk.Label(self, anchor="center", wraplength=look.px(440))
        self.message.grid(row=2, sticky="ew", pady=(look.px(6), 0))
        self.leaderboard.table.tree.focus_set()

    def _build_top(self) -> None:
        look, model = self.look, self.model
        top = in_grid(ttk.Frame(self), row=0, sticky="ew", pady=(0, look.px(10)))
        top.columnconfigure(4, weight=1)
        self.back = self._tab(top, 0, texts.BACK, model.back)
        self.players = self._tab(top, 1, texts.LEADERBOARD, model.show_leaderboard)
        self.games = self._tab(top, 2, texts.GAMES, model.show_games)
        self.mine = self._tab(top, 3, texts.MINE, lambda: model.show_games(model.me))
        self.import_button = in_grid(button(top, texts.IMPORT, self._import), row=0, column=5)

    def _tab(self, parent: ttk.Frame, column: int, caption: Caption, action: Callable[[], object]) -> ttk.Button:
        return in_grid(button(parent, caption, self.acts(action)), row=0, column=column)

    def refresh(self) -> None:
        model = self.model
        if self.replay is not None and self.replay.model is not model.replay:
            self.replay.destroy()
            self.replay = None
            panel = self.leaderboard if model.page == "leaderboard" else self.archive
            panel.table.tree.focus_set()
        if model.replay is not None and self.replay is None:
            self.replay = ReplayPanel(self, self.look, self.act, model.replay, export=self._export)
            self.replay.grid(row=1, sticky="nsew")
        show(self.leaderboard, model.replay is None and model.page == "leaderboard")
        show(self.archive, model.replay is None and model.page == "games")
        if self.replay is not None:
            self.replay.refresh()
        elif model.page == "leaderboard":
            self.leaderboard.refresh()
        else:
            self.archive.refresh()
        set_text(self.message, model.status, self.look.palette.text)
        show(self.message, bool(model.status))

    def escape(self) -> None:
        self.act(self.model.back)

    def go(self, by: int) -> None:
        if self.replay is not None:
            self.replay.steps.go(by)

    def _import(self) -> None:
        chosen = filedialog.askopenfilename(parent=self, title=texts.IMPORT_TITLE, filetypes=texts.FILES[:1])
        if chosen:
            self.act(lambda: self.model.import_from(Path(chosen)))

    def _export(self) -> None:
        if self.model.replay is None:
            return
        name = f"{self.model.replay.file_name}.json"
        chosen = filedialog.asksaveasfilename(
            parent=self, title=texts.EXPORT_TITLE, initialfile=name, filetypes=texts.FILES
        )
        if chosen:
            self.act(lambda: self.model.export_to(Path(chosen)))
