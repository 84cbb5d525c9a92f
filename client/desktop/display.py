"""Whether there is a display, and where a window goes on it. Imports Tk only when asked: servers and bots need none."""

from __future__ import annotations

import enum


class NoDisplay(Exception):
    """There is no display to open a window on; the sentence says why, and what to do."""


class Side(str, enum.Enum):
    """Which part of the screen a window takes."""

    MIDDLE = "middle"
    LEFT = "left"
    RIGHT = "right"


def has_display() -> bool:
    """Whether a window can be opened."""
    try:
        import tkinter as tk
    except ImportError:
        return False
    try:
        tk.Tk().destroy()
    except tk.TclError:
        return False
    return True
