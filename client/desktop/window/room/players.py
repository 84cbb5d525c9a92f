"""The line of the two players: names, signs, whose turn it is, the score between them, and the clocks outside."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Mapping

import ttkbootstrap as ttk

from client.desktop.model.room.clocks import Face
from client.desktop.window.widgets.buttons import hint
from client.desktop.window.widgets.screen import set_text, show
from client.desktop.window.widgets.theme import Look
from client.texts import room as texts
from client.texts.games import name_in
from client.texts.phrases import shortened
from game.forms.room_view import View
from game.rules import SEATS, Seat

_SIGNS = {"X": "✕", "O": "◯"}
LONGEST_NAME = 13
"""Letters. A longer name is cut if the line is narrow or has clocks; the tooltip has the whole name."""
SHORTEST_NAME = 5
"""Letters, if the line is narrow and has clocks."""
NARROW = 620


class PlayersLine(ttk.Frame):
    """The players and their clocks."""

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        super().__init__(parent)
        self._look = look
        self._names: dict[Seat, str] = {}
        self._view: View | None = None
        self._narrow = False
        self.bind("<Configure>", self._resized)
        self.columnconfigure((1, 3), weight=1, uniform="players")
        self.names = {seat: ttk.Label(self, font=look.font(13, bold=True)) for seat in SEATS}
        self.clocks = {seat: ttk.Label(self, font=look.font(15, bold=True), width=6) for seat in SEATS}
        self.score = ttk.Label(self, font=look.font(13), padding=(look.px(10), 0))
        self.clocks["X"].grid(row=0, column=0, sticky="w")
        self.names["X"].grid(row=0, column=1, sticky="e")
        self.score.grid(row=0, column=2)
        self.names["O"].grid(row=0, column=3, sticky="w")
        self.clocks["O"].grid(row=0, column=4, sticky="e")
        self.clocks["O"].configure(anchor="e")
        for seat in SEATS:
            hint(self.names[seat], lambda seat=seat: self._names.get(seat, ""))  # type: ignore[misc]
        hint(self.score, texts.SCORE)

    def refresh(self, view: View, faces: Mapping[Seat, Face] | None) -> None:
        """Show the view's current state."""
        self._view = view
        for seat in SEATS:
            self._show_player(view, seat)
        x, o = (view.wins.get(name_in(view, seat), 0) for seat in SEATS)
        set_text(self.score, texts.score(x, o, view.draws), self._look.palette.quiet)
        self.show_clocks(faces)

    def show_clocks(self, faces: Mapping[Seat, Face] | None) -> None:
        """Show the current clocks."""
        palette = self._look.palette
        for seat in SEATS:
            show(self.clocks[seat], faces is not None)
            if faces is not None:
                set_text(self.clocks[seat], faces[seat].text, palette.bad if faces[seat].low else palette.text)

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        self._narrow = event.width < self._look.px(NARROW)
        if self._view is not None:
            for seat in SEATS:
                self._show_player(self._view, seat)

    def _show_player(self, view: View, seat: Seat) -> None:
        palette, owner = self._look.palette, view.seats[seat]
        name = texts.FREE_SEAT if owner is None else texts.player(view, owner)
        self._names[seat] = name
        if view.time is not None or self._narrow:
            name = shortened(name, SHORTEST_NAME if view.time is not None and self._narrow else LONGEST_NAME)
        turn = view.turn == seat
        parts = [_SIGNS[seat], name] if seat == "O" else [name, _SIGNS[seat]]
        mark = ["▸"] if turn and seat == "X" else []
        after = ["◂"] if turn and seat == "O" else []
        colour = palette.marks[seat] if owner is not None and (turn or view.turn is None) else palette.quiet
        set_text(self.names[seat], " ".join([*mark, *parts, *after]), colour)
