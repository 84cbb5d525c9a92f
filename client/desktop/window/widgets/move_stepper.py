"""The buttons that step through a game, forward and back, move by move."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from client.desktop.model.room.stepping import Steps
from client.desktop.window.widgets.buttons import button
from client.desktop.window.widgets.screen import Act, Panel, in_grid, set_text
from client.desktop.window.widgets.theme import Look
from client.texts import records as texts
from client.texts.phrases import Caption


class StepBar(Panel[Steps]):
    """Four buttons around "move 3 of 9".

    They are shown from the start, so that the first move does not shift the layout.
    """

    def __init__(self, parent: tk.Misc, look: Look, act: Act, steps: Steps) -> None:
        super().__init__(parent, look, act, steps)
        self._button(0, texts.FIRST, lambda: steps.go(-steps.count))
        self._button(1, texts.PREVIOUS, lambda: steps.go(-1))
        self.position = in_grid(ttk.Label(self, width=16, anchor="center"), row=0, column=2)
        self._button(3, texts.NEXT, lambda: steps.go(1))
        self._button(4, texts.LAST, lambda: steps.go(steps.count))

    def refresh(self) -> None:
        """Show the current position's number."""
        steps, palette = self.model, self.look.palette
        colour = palette.cursor if steps.looks_back else palette.quiet
        set_text(self.position, texts.position(steps.shown, steps.count), colour)

    def go(self, by: int) -> None:
        """Show an earlier or later position."""
        self.act(lambda: self.model.go(by))

    def _button(self, column: int, caption: Caption, action: Callable[[], object]) -> None:
        button(self, caption, self.acts(action)).grid(row=0, column=column)
