"""Lists with columns, a scroll bar, and a hint in the place of rows."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import ttkbootstrap as ttk

from client.desktop.window.widgets.screen import in_grid, set_text
from client.desktop.window.widgets.theme import Look

HEIGHT = 4


class Column(NamedTuple):
    """The title, the width in the smallest window, and whether the column has numbers."""

    title: str
    width: int
    number: bool = False


class ListView(ttk.Frame):
    """A list, which its owner fills."""

    def __init__(
        self, parent: tk.Misc, look: Look, columns: Sequence[Column], *, height: int = HEIGHT, narrowest: int = 30
    ) -> None:
        """``height``: in rows, at least. ``narrowest``: the least width of a column."""
        super().__init__(parent)
        self._look = look
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        names = [str(number) for number in range(len(columns))]
        self.tree = ttk.Treeview(self, columns=names, show="headings", selectmode="browse", height=height)
        for name, column in zip(names, columns, strict=True):
            anchor: Literal["e", "w"] = "e" if column.number else "w"
            self.tree.heading(name, text=column.title, anchor=anchor)
            self.tree.column(name, width=look.px(column.width), minwidth=look.px(narrowest), anchor=anchor)
        self.tree.grid(row=0, column=0, sticky="nsew")
        bar = in_grid(ttk.Scrollbar(self, command=self.tree.yview), row=0, column=1, sticky="ns")
        self.tree.configure(yscrollcommand=bar.set)
        self.hint = ttk.Label(self, justify="center", anchor="center", wraplength=look.px(380))

    def show_hint(self, text: str) -> None:
        """Show a text in the place of rows; nothing if it is empty."""
        set_text(self.hint, text, self._look.palette.quiet)
        if text:
            self.hint.place(relx=0.5, rely=0.5, anchor="center")
        else:
            self.hint.place_forget()


class Table(ListView):
    """A list that is filled again when its content changes. Enter and a double click choose a row."""

    def __init__(self, parent: tk.Misc, look: Look, columns: Sequence[Column], choose: Callable[[int], None]) -> None:
        """``choose`` is called with the number of the chosen row, from 0."""
        super().__init__(parent, look, columns)
        self._choose = choose
        self._rows: Sequence[tuple[str, ...]] | None = None
        self.tree.bind("<Double-1>", lambda event: self._chosen(self.tree.identify_row(event.y)))
        self.tree.bind("<Return>", lambda _: self._chosen(next(iter(self.tree.selection()), "")))

    def refresh(self, rows: Sequence[tuple[str, ...]], hint: str) -> None:
        """Show these rows, or the hint if there are none."""
        if rows != self._rows:
            self._rows = rows
            chosen = self.tree.selection()
            self.tree.delete(*self.tree.get_children())
            for number, row in enumerate(rows):
                self.tree.insert("", "end", iid=str(number), values=row)
            kept = [iid for iid in chosen if self.tree.exists(iid)] or (["0"] if rows else [])
            self.tree.selection_set(kept)
            if kept:
                self.tree.focus(kept[0])
        self.show_hint(hint)

    def _chosen(self, iid: str) -> None:
        if iid:
            self._choose(int(iid))
