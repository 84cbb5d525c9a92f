"""Opens a window and stays until it is closed. The one place where an application's root is made."""

from __future__ import annotations

import tkinter as tk
from typing import Literal

import ttkbootstrap as ttk

from client.model.app import AppModel
from client.window.app import SIZE, Window
from client.window.garbage import collect_here
from client.window.look import Look


class NoDisplay(Exception):
    """There is no display to open a window on."""


def run_window(model: AppModel, *, side: Literal["", "left", "right"] = "", scale: float | None = None) -> None:
    """Open a window on ``model`` and come back when it is closed.

    ``side``: which half of the screen it takes, or, empty, its middle. ``scale``: 2.0 draws everything twice as large
    as on an ordinary display; None goes by what the display says. Raises NoDisplay.
    """
    try:
        app = ttk.App(title="Tic-tac-toe", iconphoto=None)
    except tk.TclError as error:
        raise NoDisplay(str(error)) from None
    collect_here(app)
    app.withdraw()
    look = Look(app, model.preferences.theme, scale)
    Window(app, model, look)
    _place(app, look, side)
    app.deiconify()
    app.mainloop()


def _place(app: ttk.App, look: Look, side: str) -> None:
    width, height = look.px(SIZE[0]), look.px(SIZE[1])
    screen_width, screen_height = app.winfo_screenwidth(), app.winfo_screenheight()
    if side:
        width, height = min(width, screen_width // 2), min(height, screen_height)
    x = {"left": screen_width // 2 - width, "right": screen_width // 2}.get(side, (screen_width - width) // 2)
    app.geometry(f"{width}x{height}+{max(0, x)}+{max(0, (screen_height - height) // 3)}")
