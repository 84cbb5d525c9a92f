"""Words and buttons side by side that go on in a further row where the width ends: none is ever cut off."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from typing import Literal

import ttkbootstrap as ttk

from client.desktop.window.widgets.screen import for_words
from client.desktop.window.widgets.theme import Style

GAP = 8


class Flow(ttk.Frame):
    """A frame of such widgets, which have it as their parent. Its parent must give it its width (``sticky="ew"``)."""

    def __init__(self, parent: tk.Misc, look: Style, *, side: Literal["left", "middle"]) -> None:
        """``side``: where the rows are that have width left."""
        super().__init__(parent)
        self._gap = look.px(GAP)
        self._anchor: Literal["w", "center"] = "w" if side == "left" else "center"
        self._widgets: list[tk.Widget] = []
        self._hidden: set[tk.Widget] = set()
        self._rows: list[ttk.Frame] = []
        self._arranged: list[list[tk.Widget]] = []
        self._width = 0
        self.bind("<Configure>", self._resized)

    def add(self, *widgets: tk.Widget) -> None:
        """These come next, in this order."""
        self._widgets += widgets
        self.arrange()

    def show(self, widget: tk.Widget, wanted: bool) -> None:
        """Have one of them be there or not; ``arrange`` is to be called after the last."""
        (self._hidden.discard if wanted else self._hidden.add)(widget)

    def arrange(self) -> None:
        """Put them in rows anew, if what they ask for leads to other rows."""
        wanted = self._wanted_rows()
        if wanted == self._arranged:
            return
        self._arranged = wanted
        for widget in self._widgets:
            widget.pack_forget()
        while len(self._rows) < len(wanted):
            self._rows.append(ttk.Frame(self))
        for number, row in enumerate(self._rows):
            row.pack_forget()
            if number < len(wanted):
                row.pack(anchor=self._anchor, pady=(self._gap // 2 if number else 0, 0))
                self._fill(row, wanted[number])
        if not wanted:
            self.configure(height=1)  # a frame keeps the height of what it had last

    def _fill(self, row: ttk.Frame, widgets: Sequence[tk.Widget]) -> None:
        for number, widget in enumerate(widgets):
            widget.pack(in_=row, side="left", padx=(self._gap if number else 0, 0))
            widget.lift()  # above the row, which may have come later

    def _wanted_rows(self) -> list[list[tk.Widget]]:
        there = [widget for widget in self._widgets if widget not in self._hidden]
        whole = sum(widget.winfo_reqwidth() + self._gap for widget in there) - self._gap
        if not self._width or whole <= self._width:
            return [there] if there else []
        rows: list[list[tk.Widget]] = []
        left = 0
        for widget in there:
            asked = widget.winfo_reqwidth() + self._gap
            if asked > left:
                rows.append([])
                left = self._width + self._gap
            rows[-1].append(widget)
            # Words have a row of their own: buttons that belong together stay together.
            left = 0 if isinstance(widget, ttk.Label) else left - asked
        return rows

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is not self or event.width == self._width:
            return
        self._width = event.width
        for widget in self._widgets:
            if isinstance(widget, ttk.Label):
                widget.configure(wraplength=for_words(event.width))
        self.arrange()
