"""Whether there is a display, and where a window is placed. Tk is imported only on use: servers and bots need no Tk."""

from __future__ import annotations

import enum


class NoDisplay(Exception):
    """There is no display for a window. The message has the reason and what to do."""


class Side(str, enum.Enum):
    """The part of the screen for a window."""

    MIDDLE = "middle"
    LEFT = "left"
    RIGHT = "right"


def has_display() -> bool:
    """Return whether a window can be opened."""
    try:
        import tkinter as tk
    except ImportError:
        return False
    try:
        tk.Tk().destroy()
    except tk.TclError:
        return False
    return True
