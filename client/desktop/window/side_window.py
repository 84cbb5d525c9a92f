"""A window beside the main window, with one page: the keys, the cluster view, or the recovery code."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Generic, TypeVar

import ttkbootstrap as ttk

from client.texts import app as texts

Page = TypeVar("Page", bound=tk.Widget)


class SideWindow(Generic[Page]):
    """Open or closed; closed at first. Its button, Escape and its keys close it."""

    def __init__(self, main: tk.Misc, title: str, *keys: str) -> None:
        self.page: Page | None = None
        """None while the window is closed."""
        self._main = main
        self._title = texts.title_beside(title)
        self._keys = ("<Escape>", *keys)
        self._on_close: Callable[[], None] = lambda: None

    def open(
        self, build: Callable[[tk.Misc], Page], size: str = "", *, on_close: Callable[[], None] = lambda: None
    ) -> None:
        """Open the window. ``build`` makes the page in it. ``size``: "width x height" in pixels without spaces.

        ``on_close`` is called when the window is closed, before the page is destroyed.
        """
        self._on_close = on_close
        window = ttk.Toplevel(title=self._title, master=self._main)
        for key in self._keys:
            window.bind(key, lambda _: self.close())
        window.protocol("WM_DELETE_WINDOW", self.close)
        window.geometry(size)
        self.page = build(window)
        self.page.pack(fill="both", expand=True)

    def close(self) -> bool:
        """Close the window. Return whether it was open."""
        page, self.page = self.page, None
        if page is None:
            return False
        self._on_close()
        page.winfo_toplevel().destroy()
        return True
