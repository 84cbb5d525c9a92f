"""The room: the board, whose turn it is, the score, who watches, and what one can do. The result is shown in place."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from client.model import words
from client.model.room import RoomModel
from client.views import View
from client.window.board import Board
from client.window.hints import hint
from client.window.look import Look
from client.window.screen import Act, Screen, put, show
from game.rules import SEATS, Seat

COPIED_MS = 2000
_SIGNS = {"X": "✕", "O": "◯"}


class RoomScreen(Screen):
    """Where one plays or watches."""

    def __init__(
        self, parent: tk.Misc, look: Look, act: Act, model: RoomModel, *, server: str, leave: Callable[[], object]
    ) -> None:
        super().__init__(parent, look, act)
        self.model = model
        self._server = server
        self._leave = leave
        self._asked = False
        self.columnconfigure(0, weight=1)
        self.rowconfigure(3, weight=1)
        self._build_top()
        self._build_players()
        self.headline = ttk.Label(self, font=look.font(17, bold=True), anchor="center")
        self.headline.grid(row=2, sticky="ew", pady=(look.px(8), 0))
        self.board = Board(self, look, play=self._play, can_play=model.can_play)
        self.board.grid(row=3, sticky="nsew")
        self.notice = ttk.Label(self, anchor="center", justify="center")
        self.notice.grid(row=4, sticky="ew", pady=(0, look.px(8)))
        self._build_actions()
        self._build_steps()
        self.board.focus_set()

    def _build_top(self) -> None:
        look = self.look
        top = ttk.Frame(self)
        top.grid(row=0, sticky="ew")
        top.columnconfigure(1, weight=1)
        back = ttk.Button(top, text="‹ Lobby", bootstyle="ghost", command=self.leave)
        back.grid(row=0, column=0)
        self.title = ttk.Label(top, anchor="center", font=look.font(12))
        self.title.grid(row=0, column=1, sticky="ew")
        self.invite = ttk.Button(top, text="Invite", bootstyle="ghost", command=self.copy_invitation)
        self.invite.grid(row=0, column=2)
        hint(back, "Leave the room; your seat stays yours (Esc)")
        hint(self.invite, "Copy a line that brings somebody else here (I)")

    def _build_players(self) -> None:
        look = self.look
        line = ttk.Frame(self)
        line.grid(row=1, sticky="ew", pady=(look.px(8), 0))
        line.columnconfigure((0, 2), weight=1, uniform="players")
        self.players = {seat: ttk.Label(line, font=look.font(13, bold=True)) for seat in SEATS}
        self.players["X"].grid(row=0, column=0, sticky="e")
        self.score = ttk.Label(line, font=look.font(13), padding=(look.px(14), 0))
        self.score.grid(row=0, column=1)
        self.players["O"].grid(row=0, column=2, sticky="w")
        hint(self.score, "Games won in this room, and drawn")

    def _build_actions(self) -> None:
        look = self.look
        line = ttk.Frame(self)
        line.grid(row=5)
        model = self.model
        self.rematch = self._button(line, "Rematch", "primary", model.rematch, "Play again, with seats swapped (R)")
        self.seat = self._button(line, "Take the seat", "primary", model.take_seat, "Play instead of watching (R)")
        self.resign = self._button(line, "Resign", "outline", model.resign, "Give up; asks once (R, then Enter)")
        self.stay = self._button(line, "Play on", "outline", model.go_on_playing, "Do not resign (Esc)")
        self.close = self._button(line, "Close the room", "outline", model.close, "End it for good, for everybody")
        self.watching = ttk.Label(self, anchor="center", font=look.font(10))
        self.watching.grid(row=7, sticky="ew", pady=(look.px(8), 0))

    def _button(
        self, parent: ttk.Frame, text: str, style: str, action: Callable[[], object], explanation: str
    ) -> ttk.Button:
        button = ttk.Button(parent, text=text, bootstyle=style, command=self.acts(action))
        button.grid(row=0, column=len(parent.winfo_children()), padx=self.look.px(4))
        hint(button, explanation)
        return button

    def _build_steps(self) -> None:
        look = self.look
        self.steps = ttk.Frame(self)
        self.steps.grid(row=6, pady=(look.px(8), 0))
        model = self.model
        self._step_button(0, "|‹", lambda: model.go(-model.steps), "The empty board (Home)")
        self._step_button(1, "‹", lambda: model.go(-1), "One move back (Page Up)")
        self.step = ttk.Label(self.steps, width=16, anchor="center")
        self.step.grid(row=0, column=2)
        self._step_button(3, "›", lambda: model.go(1), "One move on (Page Down)")
        self._step_button(4, "›|", lambda: model.go(model.steps), "How it stands now (End)")

    def _step_button(self, column: int, text: str, action: Callable[[], object], explanation: str) -> None:
        button = ttk.Button(self.steps, text=text, bootstyle="ghost", command=self.acts(action))
        button.grid(row=0, column=column)
        hint(button, explanation)

    # -- what is to be seen -----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        model, view, palette = self.model, self.model.view, self.look.palette
        if view is None:
            put(self.headline, "Going in …", palette.quiet)
            self._show_actions(None)
            return
        put(self.title, f"{view.title or f'Room {view.room}'}  ·  {words.board_size(view.options)}", palette.quiet)
        for seat in SEATS:
            self._show_player(view, seat)
        x, o = (view.wins.get(words.name_in(view, seat), 0) for seat in SEATS)
        put(self.score, f"{x} : {o}" + (f"  ·  {view.draws} drawn" if view.draws else ""), palette.quiet)
        headline = words.headline(view, model.me)
        put(self.headline, headline.text, palette.tones[headline.tone])
        question = "Resign this game?" if model.asks_to_resign else ""
        wish = words.rematch_wish(view, model.me)
        put(self.notice, model.notice or question or wish, palette.bad if model.notice else palette.text)
        put(self.watching, words.watching(view), palette.quiet)
        scene = model.scene()
        if scene is not None:
            self.board.show(scene)
        self._show_actions(view)
        self._move_keyboard()
        show(self.steps, model.steps > 0)
        put(self.step, f"move {model.step} of {model.steps}", palette.cursor if model.looks_back else palette.quiet)

    def recolour(self) -> None:
        self.board.redraw()
        super().recolour()

    def _move_keyboard(self) -> None:
        """To the button that confirms while one is asked whether to resign, then back to the board."""
        asks = self.model.asks_to_resign
        if asks is not self._asked:
            self._asked = asks
            (self.resign if asks else self.board).focus_set()

    def _show_player(self, view: View, seat: Seat) -> None:
        palette, owner = self.look.palette, view.seats[seat]
        name = "free seat" if owner is None else owner.name if owner.present else f"{owner.name} (away)"
        turn = view.turn == seat
        parts = [_SIGNS[seat], name] if seat == "O" else [name, _SIGNS[seat]]
        mark = ["▸"] if turn and seat == "X" else []
        after = ["◂"] if turn and seat == "O" else []
        colour = palette.marks[seat] if owner is not None and (turn or view.turn is None) else palette.quiet
        put(self.players[seat], " ".join([*mark, *parts, *after]), colour)

    def _show_actions(self, view: View | None) -> None:
        model = self.model
        playing = view is not None and view.phase == "playing" and model.seat is not None
        may_wish = view is not None and view.phase == "finished" and model.seat not in (None, *view.rematch)
        put(self.resign, "Yes, resign" if model.asks_to_resign else "Resign")
        show(self.resign, playing)
        show(self.stay, playing and model.asks_to_resign)
        show(self.rematch, may_wish)
        show(self.seat, model.seat is None and model.has_free_seat)
        show(self.close, model.can_close)

    # -- what can be done -------------------------------------------------------------------------------------------

    def escape(self) -> None:
        if self.model.asks_to_resign:
            self.act(self.model.go_on_playing)
        elif self.model.looks_back:
            self.go(self.model.steps)
        else:
            self.leave()

    def leave(self) -> None:
        """Back to the lobby."""
        self.act(self._leave)

    def go(self, by: int) -> None:
        """Look at an earlier or later position."""
        self.act(lambda: self.model.go(by))

    def main_action(self) -> None:
        """What there is to do beside playing: a rematch, a free seat, or to resign."""
        for button in (self.rematch, self.seat, self.resign):
            if button.winfo_manager():
                if not self.model.asks_to_resign:  # to confirm takes another key: this one may just be held down
                    button.invoke()
                return

    def copy_invitation(self) -> None:
        """Have the line that brings others here in the clipboard."""
        self.clipboard_clear()
        self.clipboard_append(words.invitation(self._server, self.model.id))
        put(self.invite, "Copied")
        self.later(COPIED_MS, lambda: put(self.invite, "Invite"))

    def _play(self, cell: int) -> None:
        self.act(lambda: self.model.play(cell))
