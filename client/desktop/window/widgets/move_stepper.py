"""The buttons that step through a game, forward and back, move by move."""

from __future__ import annotations

import tkinter as tk
from functools import partial

import ttkbootstrap as ttk

from client.desktop.model.room.stepping import MOST_MOVES, Steps
from client.desktop.window.widgets.buttons import button
from client.desktop.window.widgets.screen import Act, Panel, in_grid, set_text
from client.desktop.window.widgets.theme import Look
from client.texts import records as texts


class StepBar(Panel[Steps]):
    """Four buttons around "move 3 of 9".

    They are shown from the start, so that the first move does not shift the layout.
    """

    def __init__(self, parent: tk.Misc, look: Look, act: Act, steps: Steps) -> None:
        super().__init__(parent, look, act, steps)
        self.position = in_grid(ttk.Label(self, width=16, anchor="center"), row=0, column=2)
        for column, caption, by in (
            (0, texts.FIRST, -MOST_MOVES),
            (1, texts.PREVIOUS, -1),
            (3, texts.NEXT, 1),
            (4, texts.LAST, MOST_MOVES),
        ):
            button(self, caption, partial(self.go, by)).grid(row=0, column=column)

    def refresh(self) -> None:
        """Show the current position's number."""
        steps, palette = self.model, self.look.palette
        colour = palette.cursor if steps.looks_back else palette.quiet
        set_text(self.position, texts.position(steps.shown, steps.count), colour)

    def go(self, by: int) -> None:
        """Show an earlier or later position."""
        self.act(lambda: self.model.go(by))
