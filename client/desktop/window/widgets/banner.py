"""The banner: the connection is lost or back, the servers close, or they can be started again on this machine.

A short notice lies over the screen, so that the layout does not move. The notice that the servers close has a row
below.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from client.desktop.model.base.connection_state import Banner
from client.desktop.window.widgets.buttons import button
from client.desktop.window.widgets.screen import in_grid, show
from client.desktop.window.widgets.theme import Look
from client.texts.connection import START_SERVERS

COLOURS = {"lost": ("#b35c00", "#ffffff"), "back": ("#198754", "#ffffff"), "closing": ("#8a5a00", "#ffffff")}
GAP = 6


class BannerBar:
    """The banner of a window; hidden while there is nothing to show."""

    def __init__(self, parent: tk.Misc, look: Look, *, row: int, press: Callable[[], object]) -> None:
        """``row``: a free row of the parent's grid. ``press`` is called when the banner's button is pressed."""
        self._parent = parent
        self._look = look
        self._row = row
        self.frame = ttk.TkFrame(parent, autostyle=False, padx=look.px(14), pady=look.px(6))
        self.frame.columnconfigure(0, weight=1)
        self.label = ttk.TkLabel(
            self.frame, autostyle=False, font=look.font(11, bold=True), justify="center", borderwidth=0
        )
        self.label.grid(row=0, sticky="ew")
        self.button = in_grid(button(self.frame, START_SERVERS, press, "light"), row=1, pady=(look.px(6), 0))
        self._shown: Banner | None = None
        parent.bind("<Configure>", self._resized, add="+")

    def show(self, banner: Banner | None) -> None:
        """Show that banner, or hide it."""
        if banner == self._shown:
            return
        before, self._shown = self._shown, banner
        if banner is None:
            self._hide()
            return
        ground, text = COLOURS[banner.kind]
        self.frame.configure(background=ground)
        self.label.configure(text=banner.text, background=ground, foreground=text, wraplength=self._widest)
        show(self.button, banner.offers_start)
        if before is not None and before.kind == banner.kind:
            return  # the frame stays, so a click on its button is not lost
        self._hide()
        if banner.kind == "closing":
            self.frame.grid(row=self._row, sticky="ew")
        else:
            self.frame.place(relx=0.5, y=self._look.px(GAP), anchor="n")
            self.frame.lift()

    def _hide(self) -> None:
        self.frame.place_forget()
        self.frame.grid_forget()

    @property
    def _widest(self) -> int:
        """The width limit of the text, in pixels."""
        return max(1, self._parent.winfo_width() - 2 * self._look.px(14 + GAP))

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self._parent:
            self.label.configure(wraplength=self._widest)
