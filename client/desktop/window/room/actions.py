"""The actions beside moves: resign, offers, a rematch; and the result of a series if there is one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from client.desktop.model.room.offers import may_be_offered
from client.desktop.model.room.room import RoomModel
from client.desktop.window.widgets.buttons import button, menu_button
from client.desktop.window.widgets.flow import Flow
from client.desktop.window.widgets.screen import Act, Panel, in_grid, set_text, show, wrap
from client.desktop.window.widgets.theme import Look
from client.texts import room as texts
from client.texts.offers import ACTIONS
from client.texts.phrases import Caption
from game.forms.room_view import View
from game.match.offers import OfferKind


class Actions(Panel[RoomModel]):
    """The result if there is one, and the buttons that apply now."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        act: Act,
        model: RoomModel,
        *,
        leave: Callable[[], object],
        play_again: Callable[[], object],
    ) -> None:
        super().__init__(parent, look, act, model)
        self.result = ttk.Label(self, font=look.font(13, bold=True), anchor="center", justify="center")
        wrap(self.result)
        self.result.grid(row=0, sticky="ew", pady=(0, look.px(6)))
        self._line = in_grid(Flow(self, look, side="middle"), row=1, sticky="ew")
        self.rematch = self._button(texts.REMATCH, model.rematch, "primary")
        self.again = self._button(texts.NEW_OPPONENT, play_again)
        self.lobby = self._button(texts.LEAVE, leave)
        self.seat = self._button(texts.TAKE_SEAT, model.take_seat, "primary")
        self.offer, self.offers = menu_button(self._line, texts.OFFER, "outline", fill=self.fill_offers)
        self._line.add(self.offer)
        self.resign = self._button(texts.RESIGN, model.resign)
        self.stay = self._button(texts.KEEP_PLAYING, model.keep_playing)
        self.close = self._button(texts.CLOSE, model.close)

    def refresh(self, view: View | None) -> None:
        """Show the buttons that apply now."""
        model = self.model
        playing = view is not None and view.phase == "playing" and model.seat is not None
        sure = model.command.confirming_resign
        is_over = view is not None and bool(model.result.text)
        is_match = is_over and view is not None and not view.owner and model.seat is not None
        between = view is not None and view.due_at is not None
        set_text(self.result, model.result.text, self.look.palette.text)
        show(self.result, is_over)
        set_text(self.resign, texts.CONFIRM_RESIGN if sure else texts.RESIGN.text)
        set_text(self.rematch, texts.START_NOW if between else texts.REMATCH.text)
        self._line.show(
            {
                self.resign: playing,
                self.stay: playing and sure,
                self.offer: playing and not sure,
                self.rematch: model.can_offer_rematch,
                self.again: is_match,
                self.lobby: is_match,
                self.seat: model.seat is None and model.has_free_seat,
                self.close: model.can_close and not between,
            }
        )

    def main(self) -> None:
        """Press the main button beside moves: rematch, free seat, or resign."""
        for main in (self.rematch, self.seat, self.resign):
            if main.winfo_manager():
                if not self.model.command.confirming_resign:  # a held key must not confirm: another key does
                    main.invoke()
                return

    def fill_offers(self) -> None:
        """Fill the menu with the offers that are possible now."""
        view, menu = self.model.view, self.offers
        menu.delete(0, "end")
        for what in () if view is None else may_be_offered(view, self.model.seat):
            menu.add_command(label=ACTIONS[what], command=self._offers(what))

    def _offers(self, what: OfferKind) -> Callable[[], None]:
        return lambda: self.act(lambda: self.model.offer(what))

    def _button(self, caption: Caption, action: Callable[[], object], style: str = "outline") -> ttk.Button:
        made = button(self._line, caption, self.acts(action), style)
        self._line.add(made)
        return made
