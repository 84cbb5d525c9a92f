"""Play now: the big button, the filter beside it, and the seek in progress with its buttons."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from functools import partial

import ttkbootstrap as ttk

from client.desktop.model.lobby.seeking import BOARDS, CLOCKS, SeekingModel
from client.desktop.window.widgets.buttons import button, menu_button
from client.desktop.window.widgets.flow import Flow
from client.desktop.window.widgets.screen import Act, Panel, in_grid, set_text, show, wrap
from client.desktop.window.widgets.theme import Look
from client.desktop.window.widgets.timers import Ticker
from client.texts import lobby as texts
from client.texts.games import PARTS, Part, choice
from client.texts.phrases import Caption
from game.match.selection import ANY


class PlayPanel(Panel[SeekingModel]):
    """The panel on top of the lobby."""

    def __init__(self, parent: tk.Misc, look: Look, act: Act, model: SeekingModel) -> None:
        super().__init__(parent, look, act, model)
        self._ready = in_grid(ttk.Frame(self), row=0, sticky="ew")
        self._ready.columnconfigure(0, weight=1)
        self.play = button(self._ready, texts.PLAY_NOW, self.acts(model.play), "success")
        look.enlarge(self.play, 14)
        self.play.grid(row=0, column=0, sticky="nsew", ipady=look.px(6))
        self.board = self._wish(1, "board", BOARDS)
        self.clock = self._wish(2, "clock", CLOCKS)
        self._waiting = in_grid(ttk.Frame(self), row=0, sticky="ew")
        self._waiting.columnconfigure(0, weight=1)
        self.status = ttk.Label(self._waiting, font=look.font(13, bold=True))
        self.status.grid(row=0, column=0, sticky="w", ipady=look.px(7))
        self.cancel = button(self._waiting, texts.CANCEL_SEEK, self.acts(model.cancel), "outline")
        self.cancel.grid(row=0, column=1, padx=(look.px(8), 0))
        self._offer = in_grid(Flow(self._waiting, look, side="left"), row=1, column=0, columnspan=2, sticky="ew")
        self.bot = ttk.Label(self._offer, text=texts.HOUSE_BOT_OFFERS)
        self.yes = button(self._offer, texts.PLAY_HOUSE_BOT, self.acts(model.play_house_bot), "primary")
        self.keep = button(self._offer, texts.KEEP_WAITING, self.acts(model.keep_waiting), "outline")
        self._offer.add(self.bot, self.yes, self.keep)
        self.message = in_grid(ttk.Label(self), row=1, sticky="ew")
        wrap(self.message)
        self.ticker = Ticker(self, self._tick, lambda: model.is_seeking)

    def refresh(self) -> None:
        """Show the current state of the seek."""
        model = self.model
        seeking = model.is_seeking
        show(self._ready, not seeking)
        show(self._waiting, seeking)
        show(self._offer, model.house_bot_offers)
        show(self.message, bool(model.message))
        set_text(self.message, model.message, self.look.palette.bad)
        set_text(self.board, choice("board", model.filter.board))
        set_text(self.clock, choice("clock", model.filter.clock))
        self._tick()
        self.ticker.go()

    def _tick(self) -> None:
        if self.model.is_seeking:
            set_text(self.status, self.model.status, self.look.palette.text)

    def _wish(self, column: int, part: Part, values: Sequence[str]) -> ttk.Menubutton:
        caption = Caption(choice(part, ANY), texts.filter_hint(PARTS[part]))
        made, menu = menu_button(self._ready, caption, "outline")
        made.configure(width=11)
        made.grid(row=0, column=column, sticky="ns", padx=(self.look.px(8), 0))
        for value in values:
            command = self.acts(partial(self.model.set_filter, **{part: value}))
            menu.add_command(label=choice(part, value), command=command)
        return made
