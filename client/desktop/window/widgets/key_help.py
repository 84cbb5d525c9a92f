"""The page of keys (F1)."""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk

from client.desktop.window.widgets.theme import Look
from client.texts.keys import KEYS


class KeysPage(ttk.Frame):
    """All keys, on a page."""

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        super().__init__(parent, padding=look.px(20))
        row = 0
        for title, keys in KEYS:
            heading = ttk.Label(self, text=title, font=look.font(12, bold=True))
            heading.grid(row=row, column=0, columnspan=2, sticky="w", pady=(look.px(10), look.px(4)))
            row += 1
            for key, what in keys:
                ttk.Label(self, text=key, font=look.font(10, bold=True)).grid(row=row, column=0, sticky="w")
                ttk.Label(self, text=what).grid(row=row, column=1, sticky="w", padx=(look.px(20), 0), pady=look.px(2))
                row += 1
