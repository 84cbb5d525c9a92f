"""Buttons and menu buttons, and the tooltips of all widgets: longer than the label, and with the key."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from client.texts.phrases import Caption

DELAY_MS = 600
WIDTH = 480
"""The width in pixels at which a long text wraps."""


def button(parent: tk.Misc, caption: Caption, command: Callable[[], object], style: str = "ghost") -> ttk.Button:
    """Return a button with a tooltip. The caller places it."""
    made = ttk.Button(parent, text=caption.text, bootstyle=style, command=command)
    hint(made, caption.hint)
    return made


def menu_button(
    parent: tk.Misc, caption: Caption, style: str = "ghost", *, fill: Callable[[], object] | None = None
) -> tuple[ttk.Menubutton, ttk.Menu]:
    """Return a button that opens a menu, and the menu. ``fill`` is called before each opening."""
    made = ttk.Menubutton(parent, text=caption.text, bootstyle=style)
    menu = ttk.Menu(made, tearoff=False) if fill is None else ttk.Menu(made, tearoff=False, postcommand=fill)
    made.configure(menu=menu)
    hint(made, caption.hint)
    return made, menu


def hint(widget: tk.Widget, text: str | Callable[[], str]) -> None:
    """Show ``text`` while the pointer rests on a widget. A function is called when the pointer enters the widget."""
    tip = ttk.ToolTip(widget, text=text if isinstance(text, str) else "", delay=DELAY_MS, wraplength=WIDTH)
    if callable(text):
        widget.bind("<Enter>", lambda _: tip.configure(text=text()), add="+")
