"""A row of texts and buttons that continues in further rows if the width is too small. Nothing is cut off."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Mapping, Sequence
from typing import Literal

import ttkbootstrap as ttk

from client.desktop.window.widgets.screen import text_width
from client.desktop.window.widgets.theme import Look

GAP = 8


class Flow(ttk.Frame):
    """A frame of such widgets; it must be their parent. Its own parent must set its width (``sticky="ew"``)."""

    def __init__(self, parent: tk.Misc, look: Look, *, side: Literal["left", "middle"]) -> None:
        """``side``: where a row is placed that is narrower than the frame."""
        super().__init__(parent)
        self._gap = look.px(GAP)
        self._anchor: Literal["w", "center"] = "w" if side == "left" else "center"
        self._widgets: list[tk.Widget] = []
        self._hidden: set[tk.Widget] = set()
        self._rows: list[ttk.Frame] = []
        # The rows as last packed. ``arrange`` does nothing while they stay the same.
        self._arranged: list[list[tk.Widget]] = []
        self._width = 0
        self.bind("<Configure>", self._resized)

    def add(self, *widgets: tk.Widget) -> None:
        """Append these widgets, in this order."""
        self._widgets += widgets
        self.arrange()

    def show(self, wanted: Mapping[tk.Widget, bool]) -> None:
        """Show these widgets, or hide them."""
        self._hidden = {widget for widget, shown in wanted.items() if not shown}
        self.arrange()

    def arrange(self) -> None:
        """Pack the widgets into rows again, if their sizes lead to other rows."""
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
            self.configure(height=1)  # without content, a frame keeps its last height

    def _fill(self, row: ttk.Frame, widgets: Sequence[tk.Widget]) -> None:
        for number, widget in enumerate(widgets):
            widget.pack(in_=row, side="left", padx=(self._gap if number else 0, 0))
            widget.lift()  # above the row, which may be newer

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
            # A text has a row of its own, so that the buttons of a group stay together.
            left = 0 if isinstance(widget, ttk.Label) else left - asked
        return rows

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is not self or event.width == self._width:
            return
        self._width = event.width
        for widget in self._widgets:
            if isinstance(widget, ttk.Label):
                widget.configure(wraplength=text_width(event.width))
        self.arrange()
