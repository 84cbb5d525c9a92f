"""What on a window is not shown whole: buttons and words that ask for more than they have. No test lives here."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator

CHECKED = ("TButton", "TMenubutton", "TLabel", "Label", "Button")


def cut_off(shell: tk.Misc) -> list[str]:
    """The buttons and labels in sight that have less than they ask for, or lie partly outside of the window."""
    right, bottom = shell.winfo_rootx() + shell.winfo_width(), shell.winfo_rooty() + shell.winfo_height()
    return [
        f"{widget.cget('text')!r} has {widget.winfo_width()}×{widget.winfo_height()} "
        f"of {widget.winfo_reqwidth()}×{widget.winfo_reqheight()}"
        for widget in _below(shell)
        if widget.winfo_width() < widget.winfo_reqwidth()
        or widget.winfo_height() < widget.winfo_reqheight()
        or widget.winfo_rootx() + widget.winfo_width() > right
        or widget.winfo_rooty() + widget.winfo_height() > bottom
    ]


def _below(widget: tk.Misc) -> Iterator[tk.Widget]:
    for child in widget.winfo_children():
        if isinstance(child, tk.Toplevel):
            continue
        if child.winfo_class() in CHECKED and child.winfo_viewable() and child.cget("text"):
            yield child
        yield from _below(child)
