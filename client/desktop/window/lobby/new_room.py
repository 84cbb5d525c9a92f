"""The panel for a new room: name, board, row length, series, clock and opponent."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

import ttkbootstrap as ttk

from client.desktop.model.lobby.new_room import NewRoom
from client.desktop.window.widgets.buttons import button, hint
from client.desktop.window.widgets.screen import in_grid, show, wrap
from client.desktop.window.widgets.theme import Look
from client.texts import lobby as texts
from client.texts.games import clock, series
from game.bots.strategy import OFFERED
from game.errors import InvalidArgument
from game.games.tictactoe import DEFAULTS, LARGEST, SMALLEST, rules_with

Create = Callable[[NewRoom], None]
SERIES = (0, 1, 3, 5, 7)
AGAINST = (texts.PUBLIC, texts.PRIVATE, *map(texts.computer, OFFERED))
CLOCKS = ("none", "10s", "30s", "1+1", "3+2", "10+5")
INVITED = 1


def series_text(best_of: int) -> str:
    """Return the text of a series in the list of choices."""
    return series(best_of).capitalize() or texts.OPEN_ENDED


class NewRoomPanel(ttk.Labelframe):
    """Calls ``create`` with valid terms. While they are not valid, the button is off and a text has the reason."""

    def __init__(self, parent: tk.Misc, look: Look, *, create: Create, cancel: Callable[[], None]) -> None:
        super().__init__(parent, text=texts.NEW_ROOM.text, padding=look.px(12))
        self._create = create
        self._look = look
        self.columnconfigure(1, weight=1)
        ttk.Label(self, text=texts.NAME.text).grid(row=0, column=0, sticky="w", padx=(0, look.px(8)))
        self.title = in_grid(ttk.Entry(self), row=0, column=1, sticky="ew")
        ttk.Label(self, text=texts.BOARD).grid(row=1, column=0, sticky="w", padx=(0, look.px(8)))
        sizes = in_grid(ttk.Frame(self), row=1, column=1, sticky="w", pady=look.px(8))
        self._spins: list[ttk.Spinbox] = []
        self.width, self.height, self.in_a_row = (ttk.StringVar(self, str(size)) for size in DEFAULTS.values())
        self._spin(sizes, self.width, texts.WIDTH)
        ttk.Label(sizes, text="×").pack(side="left", padx=look.px(4))
        self._spin(sizes, self.height, texts.HEIGHT)
        ttk.Label(sizes, text=texts.WITH).pack(side="left", padx=look.px(8))
        self._spin(sizes, self.in_a_row, texts.IN_A_ROW.hint)
        ttk.Label(sizes, text=texts.IN_A_ROW.text).pack(side="left", padx=(look.px(6), 0))
        self._build_terms()
        buttons = in_grid(ttk.Frame(self), row=3, column=1, sticky="w")
        self.open = button(buttons, texts.OPEN_ROOM, self._open, "primary")
        self.open.pack(side="left")
        ttk.Button(buttons, text=texts.CANCEL, bootstyle="outline", command=cancel).pack(side="left", padx=look.px(8))
        self.wrong = in_grid(ttk.Label(self), row=4, column=1, sticky="ew")
        self.wrong.grid_remove()
        wrap(self.wrong)
        hint(self.title, texts.NAME.hint)
        for variable in (self.width, self.height, self.in_a_row):
            variable.trace_add("write", lambda *_: self._check())
        for field in (self.title, *self._spins):
            field.bind("<Return>", lambda _: self._open())

    def _build_terms(self) -> None:
        look = self._look
        ttk.Label(self, text=texts.GAME).grid(row=2, column=0, sticky="w", padx=(0, look.px(8)))
        line = in_grid(ttk.Frame(self), row=2, column=1, sticky="ew", pady=(0, look.px(8)))
        line.columnconfigure((0, 1, 2), weight=1)
        self.series = self._choice(line, 0, [series_text(one) for one in SERIES])
        self.clock = self._choice(line, 1, [clock(one).capitalize() for one in CLOCKS])
        self.against = self._choice(line, 2, AGAINST)
        hint(self.series, texts.SERIES)
        hint(self.clock, texts.CLOCK)
        hint(self.against, texts.ACCESS)

    def _choice(self, parent: ttk.Frame, column: int, texts: Sequence[str]) -> ttk.Combobox:
        box = ttk.Combobox(parent, values=list(texts), state="readonly", width=9)
        box.current(0)
        box.grid(row=0, column=column, sticky="ew", padx=(0, self._look.px(6)))
        return box

    def begin(self) -> None:
        """Prepare the panel for the next room."""
        self.title.delete(0, "end")
        self.against.current(0)
        self.title.focus_set()

    def _spin(self, parent: ttk.Frame, variable: ttk.StringVar, explanation: str) -> None:
        spin = ttk.Spinbox(parent, from_=SMALLEST, to=LARGEST, textvariable=variable, width=3)
        spin.pack(side="left")
        hint(spin, explanation)
        self._spins.append(spin)

    def _chosen(self) -> tuple[int, int, int] | None:
        """Return width, height and row length; None if they are no valid board."""
        try:
            width, height, in_a_row = (int(size.get()) for size in (self.width, self.height, self.in_a_row))
            rules_with({"width": width, "height": height, "in_a_row": in_a_row})
        except (ValueError, InvalidArgument):
            return None
        return width, height, in_a_row

    def _check(self) -> None:
        fine = self._chosen() is not None
        self.open.configure(state="normal" if fine else "disabled")
        self.wrong.configure(text="" if fine else texts.WRONG_BOARD)
        show(self.wrong, not fine)

    def _open(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            terms = SERIES[self.series.current()], CLOCKS[self.clock.current()]
            opponent = self.against.current()
            level = ("", "", *OFFERED)[opponent]
            self._create(NewRoom(self.title.get(), *chosen, *terms, opponent == INVITED, level))
