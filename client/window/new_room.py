"""The panel in which a room is opened: its name, the board, how many in a row, and against whom."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from client.window.hints import hint
from client.window.look import Look
from game.strategy import OFFERED
from game.tictactoe import LARGEST, SMALLEST

Create = Callable[[str, int, int, int, str], None]
"""Title, width, height, how many in a row, and the level of the computer across; empty for people."""
_AGAINST = {"whoever comes": "", **{f"the computer, {level}": level for level in OFFERED}}


class NewRoom(ttk.Labelframe):
    """Says what was chosen once it makes sense; until then the button is off and a word says why."""

    def __init__(self, parent: tk.Misc, look: Look, *, create: Create, cancel: Callable[[], None]) -> None:
        super().__init__(parent, text="New room", padding=look.px(12))
        self._create = create
        self.columnconfigure(1, weight=1)
        ttk.Label(self, text="Name").grid(row=0, column=0, sticky="w", padx=(0, look.px(8)))
        self.title = ttk.Entry(self)
        self.title.grid(row=0, column=1, sticky="ew")
        ttk.Label(self, text="Board").grid(row=1, column=0, sticky="w", padx=(0, look.px(8)))
        sizes = ttk.Frame(self)
        sizes.grid(row=1, column=1, sticky="w", pady=look.px(8))
        self._spins: list[ttk.Spinbox] = []
        self.width, self.height, self.in_a_row = (ttk.StringVar(self, str(SMALLEST)) for _ in range(3))
        self._spin(sizes, self.width, "Cells across, 3 to 10")
        ttk.Label(sizes, text="×").pack(side="left", padx=look.px(4))
        self._spin(sizes, self.height, "Cells down, 3 to 10")
        ttk.Label(sizes, text="with").pack(side="left", padx=look.px(8))
        self._spin(sizes, self.in_a_row, "So many in a row win: from 3 to the longer side of the board")
        ttk.Label(sizes, text="in a row").pack(side="left", padx=(look.px(6), 0))
        ttk.Label(self, text="Against").grid(row=2, column=0, sticky="w", padx=(0, look.px(8)), pady=(0, look.px(8)))
        self.against = ttk.Combobox(self, values=list(_AGAINST), state="readonly", width=24)
        self.against.grid(row=2, column=1, sticky="w", pady=(0, look.px(8)))
        self.against.current(0)
        buttons = ttk.Frame(self)
        buttons.grid(row=3, column=1, sticky="w")
        self.open = ttk.Button(buttons, text="Open the room", bootstyle="primary", command=self._open)
        self.open.pack(side="left")
        ttk.Button(buttons, text="Cancel", bootstyle="outline", command=cancel).pack(side="left", padx=look.px(8))
        self.wrong = ttk.Label(buttons)
        self.wrong.pack(side="left")
        hint(self.title, "What the others read in the list; may stay empty")
        hint(self.against, "The computer sits down at once; hard never loses on 3×3, and thinks on larger boards")
        hint(self.open, "Opens it and takes you in (Enter)")
        for variable in (self.width, self.height, self.in_a_row):
            variable.trace_add("write", lambda *_: self._check())
        for field in (self.title, *self._spins, self.against):
            field.bind("<Return>", lambda _: self._open())

    def begin(self) -> None:
        """Ready for the next room."""
        self.title.delete(0, "end")
        self.against.current(0)
        self.title.focus_set()

    def _spin(self, parent: ttk.Frame, variable: ttk.StringVar, explanation: str) -> None:
        spin = ttk.Spinbox(parent, from_=SMALLEST, to=LARGEST, textvariable=variable, width=3)
        spin.pack(side="left")
        hint(spin, explanation)
        self._spins.append(spin)

    def _chosen(self) -> tuple[int, int, int] | None:
        """Width, height and how many in a row; None if that is no board."""
        texts = [variable.get().strip() for variable in (self.width, self.height, self.in_a_row)]
        if not all(text.isascii() and text.isdigit() for text in texts):
            return None
        width, height, in_a_row = (int(text) for text in texts)
        sizes_fit = all(SMALLEST <= size <= LARGEST for size in (width, height))
        return (width, height, in_a_row) if sizes_fit and SMALLEST <= in_a_row <= max(width, height) else None

    def _check(self) -> None:
        fine = self._chosen() is not None
        self.open.configure(state="normal" if fine else "disabled")
        self.wrong.configure(text="" if fine else f"Each from {SMALLEST} to {LARGEST}, and the row has to fit")

    def _open(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self._create(self.title.get(), *chosen, _AGAINST[self.against.get()])
