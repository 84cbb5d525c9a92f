"""What all screens share: a frame that shows a model, and acts on it only through ``act``."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from client.desktop.window.widgets.theme import Style

LABEL_BORDER = 4
"""Pixels that a theme keeps free on each side of a label's words, at the most."""
Act = Callable[[Callable[[], object]], None]
"""Do something with a model, then show what it led to."""


class Screen(ttk.Frame):
    """One screen of a window."""

    def __init__(self, parent: tk.Misc, look: Style, act: Act) -> None:
        super().__init__(parent, padding=look.px(16))
        self.look = look
        self.act = act

    def refresh(self) -> None:
        """Show the model as it is now."""
        raise NotImplementedError

    def recolour(self) -> None:
        """The theme is another: show anew what ttk does not."""
        self.refresh()

    def escape(self) -> None:
        """One step back."""

    def acts(self, action: Callable[[], object]) -> Callable[[], None]:
        """A command for a button."""
        return lambda: self.act(action)

    def later(self, after_ms: int, action: Callable[[], object]) -> None:
        """Do something in a while, if this screen is still there."""
        timer = self.after(after_ms, action)
        self.bind("<Destroy>", lambda _: self.after_cancel(timer), add="+")

    def key(self, widget: tk.Misc, sequence: str, action: Callable[[], object]) -> None:
        """Do that on a key, and let nobody else have it."""

        def on_key(_: tk.Event[tk.Misc]) -> str:
            self.act(action)
            return "break"

        widget.bind(sequence, on_key)


def put(widget: ttk.Label | ttk.Button, text: str, colour: str | None = None) -> None:
    """Give a widget its text and colour, only if that is new: Tk draws again whatever is set."""
    if str(widget.cget("text")) != text:
        widget.configure(text=text)
    if colour is not None and isinstance(widget, ttk.Label) and str(widget.cget("foreground")) != colour:
        widget.configure(foreground=colour)


def show(widget: tk.Widget, wanted: bool) -> None:
    """Have a widget that is on a grid be there or not."""
    if wanted and not widget.winfo_manager():
        widget.grid()
    elif not wanted and widget.winfo_manager():
        widget.grid_remove()


def wrap(label: ttk.Label) -> None:
    """Have the words of a label go on in a further line where its width ends. Its parent must give it its width."""
    label.bind("<Configure>", lambda event: label.configure(wraplength=for_words(event.width)), add="+")


def for_words(width: int) -> int:
    """What a label that is so wide has for its words, in pixels."""
    return max(1, width - 2 * LABEL_BORDER)
