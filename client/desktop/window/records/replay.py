"""A finished game: its board, the buttons that step through it, and the export to a file."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from client.desktop.model.records.replay import Replay
from client.desktop.window.widgets.board import BoardCanvas
from client.desktop.window.widgets.buttons import button
from client.desktop.window.widgets.move_stepper import StepBar
from client.desktop.window.widgets.screen import Act, Panel, in_grid, set_text
from client.desktop.window.widgets.theme import Look
from client.texts import records as texts


class ReplayPanel(Panel[Replay]):
    """Shows a game. Another game needs another panel."""

    def __init__(self, parent: tk.Misc, look: Look, act: Act, replay: Replay, *, export: Callable[[], None]) -> None:
        super().__init__(parent, look, act, replay)
        self.rowconfigure(2, weight=1)
        self.title = ttk.Label(self, text=texts.players(replay.record), font=look.font(15, bold=True), anchor="center")
        self.title.grid(row=0, sticky="ew")
        self.terms = in_grid(ttk.Label(self, anchor="center"), row=1, sticky="ew")
        self.board = BoardCanvas(self, look, play=lambda _: None, can_play=lambda _: False)
        self.board.grid(row=2, sticky="nsew")
        self.ending = ttk.Label(self, text=texts.ending_with_ratings(replay.record, replay.changes), anchor="center")
        self.ending.grid(row=3, sticky="ew", pady=(0, look.px(6)))
        self.steps = in_grid(StepBar(self, look, act, replay.steps), row=4)
        self.export = in_grid(button(self, texts.EXPORT, export, "outline"), row=5, pady=(look.px(6), 0))
        for key, by in (("<Left>", -1), ("<Right>", 1)):  # no cell can be chosen here, so the arrows step
            self.board.bind(key, lambda _, by=by: self.steps.go(by))  # type: ignore[misc]
        self.board.focus_set()

    def refresh(self) -> None:
        """Show the current position."""
        set_text(self.terms, texts.terms(self.model.record), self.look.palette.quiet)
        self.board.show(self.model.scene())
        self.steps.refresh()
