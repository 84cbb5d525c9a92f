"""The selection in the place of the board: three rows of buttons, both proposals, the time left."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from itertools import groupby

import ttkbootstrap as ttk

from client.desktop.model.room.room import RoomModel
from client.desktop.model.room.selection import Option
from client.desktop.window.widgets.buttons import button
from client.desktop.window.widgets.screen import Act, Panel, in_grid, set_text, show, wrap
from client.desktop.window.widgets.theme import Look
from client.texts import room as texts
from client.texts.games import PARTS, Part, called, choice, name_in
from client.texts.phrases import Caption
from game.forms.room_view import View
from game.rules import other

MARK = " •"
"""The sign beside the opponent's proposal."""


class SelectionPanel(Panel[RoomModel]):
    """The panel of a match's selection."""

    def __init__(self, parent: tk.Misc, look: Look, act: Act, model: RoomModel) -> None:
        super().__init__(parent, look, act, model)
        self.buttons: dict[tuple[Part, str | int], ttk.Button] = {}
        self._styles: dict[tuple[Part, str | int], tuple[str, str]] = {}
        self.rowconfigure(0, weight=1)
        self._middle = ttk.Frame(self)
        self._middle.grid(sticky="new")  # on top: a longer text below must not move the buttons under a click
        self._middle.columnconfigure(0, weight=1)
        self._list = in_grid(ttk.Frame(self._middle), row=0)
        self.news = ttk.Label(self._middle, anchor="center", justify="center")
        self.news.grid(row=1, sticky="ew", pady=look.px(8))
        wrap(self.news)
        self.agree = in_grid(button(self._middle, texts.AGREE, lambda: act(model.selection.agree), "success"), row=2)

    def refresh(self, view: View) -> None:
        """Show the choices and both proposals."""
        selection = self.model.selection
        options = selection.options(view)
        if [(option.part, option.value) for option in options] != list(self.buttons):
            self._rebuild(options)
        seat = view.seat_of(self.model.me)
        for option in options:
            self._show(option, enabled=seat is not None)
        show(self.agree, selection.can_agree(view))
        if seat is not None:
            set_text(self.agree, texts.agree_with(called(view, name_in(view, other(seat)))))
        self.tick(view)

    def tick(self, view: View) -> None:
        """Show the time left."""
        set_text(self.news, self.model.selection.status(view, self.model.at), self.look.palette.text)

    def begin(self) -> None:
        """Move the keyboard focus to the first button."""
        first = next(iter(self.buttons.values()), None)
        if first is not None:
            first.focus_set()

    def _rebuild(self, options: tuple[Option, ...]) -> None:
        look = self.look
        for child in self._list.winfo_children():
            child.destroy()
        self.buttons, self._styles = {}, {}
        for part, of_part in groupby(options, lambda option: option.part):
            title = ttk.Label(self._list, text=PARTS[part], font=look.font(11, bold=True))
            title.grid(sticky="w", pady=(look.px(6), look.px(2)))
            line = in_grid(ttk.Frame(self._list), sticky="w")
            for _, value, _, _ in of_part:
                caption = Caption(choice(part, value), texts.CHOOSE)
                made = self.buttons[part, value] = button(line, caption, self._choose(part, value), "outline")
                made.pack(side="left", padx=(0, look.px(6)))

    def _show(self, option: Option, *, enabled: bool) -> None:
        key = part, value = option.part, option.value
        made = self.buttons[key]
        set_text(made, choice(part, value) + (MARK if option.theirs else ""))
        wanted = ("primary" if option.chosen and enabled else "outline", "normal" if enabled else "disabled")
        if self._styles.get(key) != wanted:
            self._styles[key] = wanted
            made.configure(bootstyle=wanted[0], state=wanted[1])

    def _choose(self, part: Part, value: str | int) -> Callable[[], None]:
        return lambda: self.act(lambda: self.model.selection.choose(part, value))
