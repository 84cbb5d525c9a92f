"""Buttons and menu buttons, and the tooltips of all widgets: longer than the label, and with the key."""

from __future__ import annotations

import contextlib
import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk
from tktooltip import ToolTip

from client.texts.phrases import Caption

DELAY_S = 0.6
WIDTH = 480
"""The width in pixels at which a long text wraps."""
REFRESH_S = 1.0
LATER_MS = round((DELAY_S + REFRESH_S) * 1000) + 500


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
    """Show ``text`` while the pointer rests on a widget. The tooltip ends with the widget."""
    tip = ToolTip(
        widget,
        msg=text,
        delay=DELAY_S,
        refresh=REFRESH_S,
        follow=False,
        parent_kwargs={"bg": "#495057", "padx": 1, "pady": 1},
        bg="#343a40",
        fg="#f8f9fa",
        padx=8,
        pady=5,
        width=WIDTH,
    )
    widget.bind("<Destroy>", lambda _: _go(tip), add="+")


def _go(tip: ToolTip) -> None:
    """Hide a tooltip and destroy it later, because a timer of its own may still be due.

    Its bindings are gone with the widget. Unbinding them again would keep the library from destroying it.
    """
    with contextlib.suppress(tk.TclError):  # the whole application may be closing
        tip.bindigs.clear()
        tip.on_leave()
        tip.after(LATER_MS, tip.destroy)
