"""Play now: the big button, the filter beside it, and the seek in progress with its buttons."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

import ttkbootstrap as ttk

from client.desktop.model.lobby.seeking import BOARDS, CLOCKS, HOUSE_BOT_OFFERS, SeekingModel
from client.desktop.model.room.selection import Part, option_text
from client.desktop.window.widgets.flow import Flow
from client.desktop.window.widgets.screen import Act, put, show, wrap
from client.desktop.window.widgets.theme import Style
from client.desktop.window.widgets.ticker import Ticker
from client.desktop.window.widgets.tooltips import hint
from game.games.selection import ANY


class PlayPanel(ttk.Frame):
    """The panel on top of the lobby."""

    def __init__(self, parent: tk.Misc, look: Style, act: Act, model: SeekingModel) -> None:
        super().__init__(parent)
        self._look = look
        self._act = act
        self._model = model
        self.columnconfigure(0, weight=1)
        self._ready = ttk.Frame(self)
        self._ready.grid(row=0, sticky="ew")
        self._ready.columnconfigure(0, weight=1)
        self.play = ttk.Button(self._ready, text="Play now", bootstyle="success", command=self._acts(model.play))
        look.enlarge(self.play, 14)
        self.play.grid(row=0, column=0, sticky="nsew", ipady=look.px(6))
        self.board = self._wish(1, "Board", "board", BOARDS)
        self.clock = self._wish(2, "Clock", "clock", CLOCKS)
        self._waiting = ttk.Frame(self)
        self._waiting.grid(row=0, sticky="ew")
        self._waiting.columnconfigure(0, weight=1)
        self.words = ttk.Label(self._waiting, font=look.font(13, bold=True))
        self.words.grid(row=0, column=0, sticky="w", ipady=look.px(7))
        self.cancel = self._answer(self._waiting, "Cancel", "outline", model.cancel, "Look for nobody any more (Esc)")
        self.cancel.grid(row=0, column=1, padx=(look.px(8), 0))
        self._offer = Flow(self._waiting, look, side="left")
        self._offer.grid(row=1, column=0, columnspan=2, sticky="ew")
        self.bot = ttk.Label(self._offer, text=HOUSE_BOT_OFFERS)
        self.yes = self._answer(self._offer, "Yes", "primary", model.play_house_bot, "Play the servers' own bot now")
        self.keep = self._answer(self._offer, "Keep waiting", "outline", model.keep_waiting, "Rather somebody")
        self._offer.add(self.bot, self.yes, self.keep)
        self.message = ttk.Label(self)
        self.message.grid(row=1, sticky="ew")
        wrap(self.message)
        self.ticker = Ticker(self, self._tick, lambda: model.is_seeking)
        hint(self.play, "Play whoever waits, or is the next to come (Ctrl+P)")

    def refresh(self) -> None:
        """Show the current state of the seek."""
        model = self._model
        seeking = model.is_seeking
        show(self._ready, not seeking)
        show(self._waiting, seeking)
        show(self._offer, model.house_bot_offers)
        show(self.message, bool(model.message))
        put(self.message, model.message, self._look.palette.bad)
        for menu, part, value in ((self.board, "board", model.wish.board), (self.clock, "clock", model.wish.clock)):
            text = wish_text("board" if part == "board" else "clock", value)
            if menu.cget("text") != text:
                menu.configure(text=text)
        self._tick()
        self.ticker.go()

    def _tick(self) -> None:
        if self._model.is_seeking:
            put(self.words, self._model.words, self._look.palette.text)

    def _wish(self, column: int, title: str, part: Part, values: Sequence[str]) -> ttk.Menubutton:
        button = ttk.Menubutton(self._ready, bootstyle="outline", width=11)
        button.grid(row=0, column=column, sticky="ns", padx=(self._look.px(8), 0))
        menu = ttk.Menu(button, tearoff=False)
        for value in values:
            menu.add_command(label=wish_text(part, value), command=self._chooses(part, value))
        button.configure(menu=menu)
        hint(button, f"{title}: what you wish for; the rest you agree on with your opponent")
        return button

    def _chooses(self, part: Part, value: str) -> Callable[[], None]:
        if part == "board":
            return self._acts(lambda: self._model.wish_for(board=value))
        return self._acts(lambda: self._model.wish_for(clock=value))

    def _answer(
        self, parent: ttk.Frame, text: str, style: str, action: Callable[[], object], explanation: str
    ) -> ttk.Button:
        button = ttk.Button(parent, text=text, bootstyle=style, command=self._acts(action))
        hint(button, explanation)
        return button

    def _acts(self, action: Callable[[], object]) -> Callable[[], None]:
        return lambda: self._act(action)


def wish_text(part: Part, value: str) -> str:
    """Return a filter's value as text."""
    return f"Any {part}" if value == ANY else option_text(part, value)
