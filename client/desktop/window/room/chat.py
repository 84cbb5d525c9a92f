"""The chat of a room: the lines, an entry field, and the menu for muting."""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk

from client.desktop.model.room.chat import ChatModel
from client.desktop.window.widgets.buttons import hint, menu_button
from client.desktop.window.widgets.screen import Act, Panel, in_grid, set_text, show
from client.desktop.window.widgets.theme import Look
from client.texts import room as texts
from client.texts.games import called
from game.forms.room_view import View
from game.rooms.chat import Line

WIDTH = 26
HEIGHT = 6
AT_END = 0.999
"""If the last line is visible, the next line is scrolled into view. If the user has scrolled up, the view stays."""


class ChatPanel(Panel[ChatModel]):
    """The panel beside the board, or in its place."""

    def __init__(self, parent: tk.Misc, look: Look, act: Act, model: ChatModel) -> None:
        super().__init__(parent, look, act, model)
        self._shown: tuple[Line, ...] | None = None
        self.rowconfigure(1, weight=1)
        self._build_head()
        self.lines = tk.Text(
            self, width=WIDTH, height=HEIGHT, wrap="word", state="disabled", takefocus=False, font=look.font(11)
        )
        self.lines.configure(relief="flat", borderwidth=0, highlightthickness=0, padx=look.px(8), pady=look.px(6))
        self.lines.grid(row=1, column=0, sticky="nsew")
        bar = in_grid(ttk.Scrollbar(self, command=self.lines.yview), row=1, column=1, sticky="ns")
        self.lines.configure(yscrollcommand=bar.set)
        self.notice = in_grid(ttk.Label(self, wraplength=look.px(260)), row=2, column=0, columnspan=2, sticky="ew")
        self.entry = in_grid(ttk.Entry(self), row=3, column=0, columnspan=2, sticky="ew", pady=(look.px(6), 0))
        self.entry.bind("<Return>", lambda _: self._send())
        hint(self.entry, texts.WRITE)
        for change in ("<Map>", "<<ThemeChanged>>"):  # the event of a theme misses what was never shown
            self.lines.bind(change, lambda _: self._recolour())

    def _build_head(self) -> None:
        look = self.look
        head = in_grid(ttk.Frame(self), row=0, column=0, columnspan=2, sticky="ew", pady=(0, look.px(4)))
        head.columnconfigure(0, weight=1)
        ttk.Label(head, text=texts.CHAT.text, font=look.font(12, bold=True)).grid(row=0, column=0, sticky="w")
        mute, self.menu = menu_button(head, texts.MUTE, fill=self.fill_menu)
        mute.grid(row=0, column=1)

    def refresh(self, view: View) -> None:
        """Show the current lines."""
        model, palette = self.model, self.look.palette
        lines = tuple(model.lines)
        if lines != self._shown:
            self._shown = lines
            self._write(lines, view)
        if model.draft and not self.entry.get():
            self.entry.insert(0, model.draft)
            model.draft = ""
        set_text(self.notice, model.notice, palette.bad)
        show(self.notice, bool(model.notice))

    def _recolour(self) -> None:
        palette, look = self.look.palette, self.look
        self.lines.configure(background=palette.cell, foreground=palette.text)
        for seat, colour in palette.marks.items():
            self.lines.tag_configure(seat, foreground=colour, font=look.font(11, bold=True))
        self.lines.tag_configure("spectator", foreground=palette.quiet, font=look.font(11, bold=True))

    def fill_menu(self) -> None:
        """Fill the menu with what can be muted: spectators, and each person with a line."""
        preferences = self.model.preferences
        hides = preferences.hides_spectators
        self.menu.delete(0, "end")
        self._item(texts.MUTE_SPECTATORS, hides, lambda: preferences.hide_spectators(not hides))
        for name in self.model.people:
            muted = name in preferences.muted
            self._item(texts.mute(name), muted, lambda name=name, muted=muted: preferences.mute(name, not muted))

    def _item(self, text: str, on: bool, action: object) -> None:
        label = f"✓ {text}" if on else f"    {text}"
        self.menu.add_command(label=label, command=self.acts(action))  # type: ignore[arg-type]

    def _write(self, lines: tuple[Line, ...], view: View) -> None:
        text = self.lines
        at_end = text.yview()[1] >= AT_END
        text.configure(state="normal")
        text.delete("1.0", "end")
        for number, line in enumerate(lines):
            text.insert("end", "\n" if number else "")
            text.insert("end", called(view, line.by), line.seat or "spectator")
            text.insert("end", f"  {line.text}")
        text.configure(state="disabled")
        if at_end:
            text.see("end")

    def _send(self) -> None:
        said = self.entry.get()

        def send() -> None:
            if self.model.send(said):
                self.entry.delete(0, "end")

        self.act(send)
