"""Opens a window and returns when it is closed. The only place that makes an application's root."""

from __future__ import annotations

import signal
import tkinter as tk

import ttkbootstrap as ttk

from client.desktop.display import NoDisplay, Side
from client.desktop.model.app import AppModel
from client.desktop.window.app import SIZE, Window
from client.desktop.window.bindings import open_window
from client.desktop.window.widgets.antialiased import icon
from client.desktop.window.widgets.gc_on_tk_thread import collect_here
from client.desktop.window.widgets.theme import Look
from client.texts import app as texts


def run_window(model: AppModel, *, side: Side = Side.MIDDLE, scale: float | None = None) -> None:
    """Open a window on ``model`` and return when it is closed, by its user or by SIGINT or SIGTERM.

    ``side``: the part of the screen for the window. ``scale``: 2.0 draws everything twice as large as on an ordinary
    display; None uses the display's own value. Raises NoDisplay.
    """
    try:
        app = ttk.App(title=texts.TITLE, iconphoto=None)
    except tk.TclError as error:
        raise NoDisplay(texts.no_window(error)) from None
    collect_here(app)
    app.withdraw()
    look = Look(app, model.preferences.theme, scale)
    picture = icon(app, look.palette.marks)
    app.iconphoto(True, str(picture))
    open_windows: list[Window] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: _close_soon(open_windows))  # first: the model starts with its window
    window = open_window(app, model, look)
    open_windows.append(window)
    app.report_callback_exception = lambda _kind, fault, _traceback: window.note(fault)
    _place(app, look, side)
    app.deiconify()
    app.mainloop()


def _close_soon(windows: list[Window]) -> None:
    if not windows:
        raise SystemExit(0)
    for window in windows:
        window.close_soon()


def _place(app: ttk.App, look: Look, side: Side) -> None:
    width, height = look.px(SIZE[0]), look.px(SIZE[1])
    screen_width, screen_height = app.winfo_screenwidth(), app.winfo_screenheight()
    half = screen_width // 2
    if side is not Side.MIDDLE:
        width = min(width, half)
    height = min(height, screen_height)
    x = {Side.LEFT: half - width, Side.RIGHT: half}.get(side, (screen_width - width) // 2)
    app.geometry(f"{width}x{height}+{max(0, x)}+{max(0, (screen_height - height) // 3)}")
