"""The actions beside moves: resign, offers, a rematch; and the result of a series if there is one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from client.desktop.model.room.offers import LABELS, may_be_offered
from client.desktop.model.room.room import RoomModel
from client.desktop.window.widgets.flow import Flow
from client.desktop.window.widgets.screen import Act, put, show, wrap
from client.desktop.window.widgets.theme import Style
from client.desktop.window.widgets.tooltips import hint
from client.views import View
from game.match.offers import Matter


class Actions(ttk.Frame):
    """The result if there is one, and the buttons that apply now."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Style,
        act: Act,
        model: RoomModel,
        *,
        leave: Callable[[], object],
        play_again: Callable[[], object],
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._act = act
        self._model = model
        self.columnconfigure(0, weight=1)
        self.result = ttk.Label(self, font=look.font(13, bold=True), anchor="center", justify="center")
        wrap(self.result)
        self.result.grid(row=0, sticky="ew", pady=(0, look.px(6)))
        self._line = Flow(self, look, side="middle")
        self._line.grid(row=1, sticky="ew")
        self.rematch = self._button("Rematch", "primary", model.rematch, "Play again, with seats swapped (R)")
        self.again = self._button("Next opponent", "outline", play_again, "Look for another, with the same wish")
        self.lobby = self._button("Back to the lobby", "outline", leave, "Leave the room (Esc)")
        self.seat = self._button("Take the seat", "primary", model.take_seat, "Play instead of watching (R)")
        self.offer = self._offer_button()
        self.resign = self._button("Resign", "outline", model.resign, "Give up; asks once (R, then Enter)")
        self.stay = self._button("Play on", "outline", model.go_on_playing, "Do not resign (Esc)")
        self.close = self._button("Close the room", "outline", model.close, "End it for good, for everybody")

    def refresh(self, view: View | None) -> None:
        """Show the buttons that apply now."""
        model = self._model
        playing = view is not None and view.phase == "playing" and model.seat is not None
        sure = model.asking.asks_to_resign
        is_over = view is not None and bool(model.result.text)
        is_match = is_over and view is not None and not view.owner and model.seat is not None
        between = view is not None and view.due_at is not None
        put(self.result, model.result.text, self._look.palette.text)
        show(self.result, is_over)
        put(self.resign, "Yes, resign" if sure else "Resign")
        self._line.show(self.resign, playing)
        self._line.show(self.stay, playing and sure)
        self._line.show(self.offer, playing and not sure)
        put(self.rematch, "Start now" if between else "Rematch")
        self._line.show(self.rematch, model.may_wish_rematch)
        self._line.show(self.again, is_match)
        self._line.show(self.lobby, is_match)
        self._line.show(self.seat, model.seat is None and model.has_free_seat)
        self._line.show(self.close, model.can_close and not between)
        self._line.arrange()

    def main(self) -> None:
        """Press the main button beside moves: rematch, free seat, or resign."""
        for button in (self.rematch, self.seat, self.resign):
            if button.winfo_manager():
                if not self._model.asking.asks_to_resign:  # a held key must not confirm: another key does
                    button.invoke()
                return

    def fill_offers(self) -> None:
        """Fill the menu with the offers that are possible now."""
        view, menu = self._model.view, self.offers
        menu.delete(0, "end")
        for what in () if view is None else may_be_offered(view, self._model.seat):
            menu.add_command(label=LABELS[what], command=self._offers(what))

    def _offers(self, what: Matter) -> Callable[[], None]:
        return lambda: self._act(lambda: self._model.offers.offer(what))

    def _offer_button(self) -> ttk.Menubutton:
        button = ttk.Menubutton(self._line, text="Offer", bootstyle="outline")
        self._line.add(button)
        self.offers = ttk.Menu(button, tearoff=False, postcommand=self.fill_offers)
        button.configure(menu=self.offers)
        hint(button, "Offer a draw, ask for a move back, or to abort before the second move")
        return button

    def _button(self, text: str, style: str, action: Callable[[], object], explanation: str) -> ttk.Button:
        button = ttk.Button(self._line, text=text, bootstyle=style, command=lambda: self._act(action))
        self._line.add(button)
        hint(button, explanation)
        return button
