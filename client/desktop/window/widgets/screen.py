"""What all screens share: frames that show a model, and act on it only through ``act``."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import ttkbootstrap as ttk

from client.desktop.window.widgets.theme import Look
from client.texts.phrases import COPIED

LABEL_BORDER = 4
"""The largest border that a theme keeps on each side of a label's text, in pixels."""
COPIED_MS = 2000
Act = Callable[[Callable[[], object]], None]
"""Runs an action on a model, then shows the result."""
Placed = TypeVar("Placed", bound=tk.Widget)
Model = TypeVar("Model")


class Panel(ttk.Frame, Generic[Model]):
    """A part of a screen. Its first column takes the width that is left over."""

    def __init__(self, parent: tk.Misc, look: Look, act: Act, model: Model, *, padding: int = 0) -> None:
        super().__init__(parent, padding=padding)
        self.look = look
        self.act = act
        self.model = model
        self.columnconfigure(0, weight=1)

    def acts(self, action: Callable[[], object]) -> Callable[[], None]:
        """Return a button's command that runs the action."""
        return lambda: self.act(action)

    def copy(self, text: str, pressed: ttk.Button, caption: str) -> None:
        """Copy a text to the clipboard. The pressed button shows so for a while, then its caption again."""
        self.clipboard_clear()
        self.clipboard_append(text)
        set_text(pressed, COPIED)
        timer = self.after(COPIED_MS, lambda: set_text(pressed, caption))
        self.bind("<Destroy>", lambda _: self.after_cancel(timer), add="+")


class Screen(Panel[Model]):
    """A screen of a window."""

    def __init__(self, parent: tk.Misc, look: Look, act: Act, model: Model) -> None:
        super().__init__(parent, look, act, model, padding=look.px(16))

    def refresh(self) -> None:
        """Show the model's current state."""
        raise NotImplementedError

    def escape(self) -> None:
        """Step back."""

    def go(self, by: int) -> None:
        """Show an earlier or later position of the shown game, if there is one."""


def in_grid(widget: Placed, **where: Any) -> Placed:
    """Place a widget in its parent's grid, and return it."""
    widget.grid(**where)
    return widget


def set_text(widget: ttk.Label | ttk.Button | ttk.Menubutton, text: str, colour: str | None = None) -> None:
    """Set a widget's text and colour only if they differ: Tk draws again on every setting."""
    if str(widget.cget("text")) != text:
        widget.configure(text=text)
    if colour is not None and isinstance(widget, ttk.Label) and str(widget.cget("foreground")) != colour:
        widget.configure(foreground=colour)


def show(widget: tk.Widget, wanted: bool) -> None:
    """Show or hide a widget of a grid."""
    if wanted and not widget.winfo_manager():
        widget.grid()
    elif not wanted and widget.winfo_manager():
        widget.grid_remove()


def wrap(label: ttk.Label) -> None:
    """Wrap a label's text at its width. The label's parent must set the width."""
    label.bind("<Configure>", lambda event: label.configure(wraplength=text_width(event.width)), add="+")


def text_width(width: int) -> int:
    """Return the space for the text in a label of that width, in pixels."""
    return max(1, width - 2 * LABEL_BORDER)
