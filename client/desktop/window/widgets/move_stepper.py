"""The buttons that step through a game, forward and back, move by move."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from client.desktop.model.room.stepping import Steps
from client.desktop.window.widgets.screen import Act, put
from client.desktop.window.widgets.theme import Style
from client.desktop.window.widgets.tooltips import hint


class StepBar(ttk.Frame):
    """Four buttons around "move 3 of 9".

    They are shown from the start, so that the first move does not shift the layout.
    """

    def __init__(self, parent: tk.Misc, look: Style, act: Act, steps: Steps) -> None:
        super().__init__(parent)
        self._look = look
        self._act = act
        self._steps = steps
        self._button(0, "|‹", lambda: steps.go(-steps.count), "The empty board (Home)")
        self._button(1, "‹", lambda: steps.go(-1), "One move back (Page Up)")
        self.words = ttk.Label(self, width=16, anchor="center")
        self.words.grid(row=0, column=2)
        self._button(3, "›", lambda: steps.go(1), "One move on (Page Down)")
        self._button(4, "›|", lambda: steps.go(steps.count), "The last position (End)")

    def refresh(self) -> None:
        """Show the current position's number."""
        steps, palette = self._steps, self._look.palette
        colour = palette.cursor if steps.looks_back else palette.quiet
        put(self.words, f"move {steps.shown} of {steps.count}" if steps.count else "no move yet", colour)

    def go(self, by: int) -> None:
        """Show an earlier or later position."""
        self._act(lambda: self._steps.go(by))

    def _button(self, column: int, text: str, action: Callable[[], object], explanation: str) -> None:
        button = ttk.Button(self, text=text, bootstyle="ghost", command=lambda: self._act(action))
        button.grid(row=0, column=column)
        hint(button, explanation)
