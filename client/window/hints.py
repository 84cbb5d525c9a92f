"""Tooltips: they say more than the label, key included."""

from __future__ import annotations

import tkinter as tk

from tktooltip import ToolTip

DELAY_S = 0.6


def hint(widget: tk.Widget, text: str) -> None:
    """Show ``text`` when the pointer rests on a widget; it goes with the widget."""
    tip = ToolTip(
        widget,
        msg=text,
        delay=DELAY_S,
        follow=False,
        parent_kwargs={"bg": "#495057", "padx": 1, "pady": 1},
        bg="#343a40",
        fg="#f8f9fa",
        padx=8,
        pady=5,
    )
    widget.bind("<Destroy>", lambda _: tip.destroy(), add="+")
