"""Buttons and menu buttons with their tooltips."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from client.desktop.window.widgets.tooltips import hint
from client.texts.caption import Caption


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
