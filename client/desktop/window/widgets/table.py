"""A list with columns, a scroll bar, and a hint in the place of rows."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
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


class Table(ttk.Frame):
    """A list of rows, each with an id. Enter and a double click choose a row."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        columns: Sequence[Column],
        choose: Callable[[str], None],
        *,
        height: int = HEIGHT,
        narrowest: int = 30,
    ) -> None:
        """``choose`` is called with the id of the chosen row.

        ``height``: in rows, at least. ``narrowest``: the least width of a column.
        """
        super().__init__(parent)
        self._look = look
        self._choose = choose
        self._rows: Mapping[str, tuple[str, ...]] = {}
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        names = [str(number) for number in range(len(columns))]
        self.tree = ttk.Treeview(self, columns=names, show="headings", selectmode="browse", height=height)
        for name, column in zip(names, columns, strict=True):
            anchor: Literal["e", "w"] = "e" if column.number else "w"
            self.tree.heading(name, text=column.title, anchor=anchor)
            self.tree.column(name, width=look.px(column.width), minwidth=look.px(narrowest), anchor=anchor)
        self.tree.grid(row=0, column=0, sticky="nsew")
        self.tree.bind("<Double-1>", lambda event: self._chosen(self.tree.identify_row(event.y)))
        self.tree.bind("<Return>", lambda _: self._chosen(self.selected))
        bar = in_grid(ttk.Scrollbar(self, command=self.tree.yview), row=0, column=1, sticky="ns")
        self.tree.configure(yscrollcommand=bar.set)
        self.hint = ttk.Label(self, justify="center", anchor="center", wraplength=look.px(380))

    @property
    def selected(self) -> str:
        """The id of the selected row; empty if there is none."""
        return next(iter(self.tree.selection()), "")

    def refresh(self, rows: Mapping[str, tuple[str, ...]], hint: str, *, select: bool = True) -> None:
        """Show these rows in their order, or the hint if it is not empty.

        In a new list, and with ``select``, the first row is selected if none is.
        """
        tree, first, select = self.tree, next(iter(rows), ""), select or not self._rows
        if rows != self._rows:
            self._fill(rows)
        if first and not tree.focus():
            tree.focus(first)
        if first and select and not tree.selection():
            tree.selection_set(first)
            tree.focus(first)
        set_text(self.hint, hint, self._look.palette.quiet)
        if hint:
            self.hint.place(relx=0.5, rely=0.5, anchor="center")
        else:
            self.hint.place_forget()

    def _fill(self, rows: Mapping[str, tuple[str, ...]]) -> None:
        """Change only what differs, so that the place in a long list stays."""
        tree, before, self._rows = self.tree, self._rows, rows
        tree.delete(*before.keys() - rows.keys())
        for number, (iid, values) in enumerate(rows.items()):
            if iid not in before:
                tree.insert("", number, iid=iid, values=values)
            elif values != before[iid]:
                tree.item(iid, values=values)
        for number, iid in enumerate(rows):
            if tree.index(iid) != number:
                tree.move(iid, "", number)

    def _chosen(self, iid: str) -> None:
        if iid:
            self._choose(iid)
