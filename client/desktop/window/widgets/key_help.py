"""The page of keys (F1)."""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk

from client.desktop.window.widgets.theme import Style

KEYS = (
    ("Everywhere", (("Tab", "next field or button"), ("Esc", "one step back"), ("F1", "these keys"))),
    ("", (("F9", "light or dark"), ("F12", "the cluster: its servers, alive"), ("Ctrl+Q", "quit"))),
    ("", (("Page Up, Page Down", "one move of the game back, one on"), ("Home, End", "its first, its last position"))),
    ("", (("← →", "the same, in a game of the archive"),)),
    (
        "Lobby",
        (
            ("Ctrl+P", "play now: the next opponent there is"),
            ("↑ ↓, Enter", "choose a room, join it"),
            ("W", "watch the chosen room"),
            ("Ctrl+N", "new room"),
            ("Ctrl+F", "search, or paste an invitation"),
            ("Ctrl+L", "leaderboard and games"),
            ("Ctrl+1 … 3", "back to one of your open games"),
        ),
    ),
    (
        "Room",
        (
            ("← ↑ → ↓, Enter", "choose a cell, play"),
            ("R", "rematch, take the seat, or resign (Enter confirms)"),
            ("Y, N", "accept or decline what is offered"),
            ("T", "talk; Esc is the way back to the board"),
            ("I", "copy an invitation"),
        ),
    ),
)


class KeysPage(ttk.Frame):
    """All keys, on a page."""

    def __init__(self, parent: tk.Misc, look: Style) -> None:
        super().__init__(parent, padding=look.px(20))
        row = 0
        for title, keys in KEYS:
            if title:
                heading = ttk.Label(self, text=title, font=look.font(12, bold=True))
                heading.grid(row=row, column=0, columnspan=2, sticky="w", pady=(look.px(10), look.px(4)))
                row += 1
            for key, what in keys:
                ttk.Label(self, text=key, font=look.font(10, bold=True)).grid(row=row, column=0, sticky="w")
                ttk.Label(self, text=what).grid(row=row, column=1, sticky="w", padx=(look.px(20), 0), pady=look.px(2))
                row += 1
