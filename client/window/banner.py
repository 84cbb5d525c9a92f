"""The banner that says when the connection is lost and when it is back, and that the servers close.

What is over soon lies over the screen, so that nothing jumps; that the servers close stays, in a row of its own below.
"""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk

from client.model.link import Banner
from client.window.look import Look

COLOURS = {"lost": ("#b35c00", "#ffffff"), "back": ("#198754", "#ffffff"), "closing": ("#8a5a00", "#ffffff")}
GAP = 6


class BannerBar:
    """Shown while there is something to say."""

    def __init__(self, parent: tk.Misc, look: Look, *, row: int) -> None:
        """``row``: the one of the parent's grid that is free for it."""
        self._look = look
        self._row = row
        self._label = ttk.TkLabel(
            parent, autostyle=False, padx=look.px(14), pady=look.px(6), font=look.font(11, bold=True)
        )
        self._shown: Banner | None = None

    def show(self, banner: Banner | None) -> None:
        """Say that, or nothing."""
        if banner == self._shown:
            return
        self._shown = banner
        self._label.place_forget()
        self._label.grid_forget()
        if banner is None:
            return
        ground, text = COLOURS[banner.kind]
        self._label.configure(text=banner.text, background=ground, foreground=text)
        if banner.kind == "closing":
            self._label.grid(row=self._row, sticky="ew")
        else:
            self._label.place(relx=0.5, y=self._look.px(GAP), anchor="n")
            self._label.lift()

    @property
    def text(self) -> str:
        """What it says; empty when it is not to be seen."""
        return str(self._label.cget("text")) if self._label.winfo_manager() else ""

    @property
    def top(self) -> int:
        """Where it begins, from the top of the display."""
        return int(self._label.winfo_rooty())
