"""The room's screen, which connects its parts: the board in the middle, around it players, bars and actions.

The chat is beside the board in a wide window, otherwise behind a tab. The result is shown in place.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from client.desktop.model.room.room import RoomModel
from client.desktop.window.room.access import AccessPanel
from client.desktop.window.room.actions import Actions
from client.desktop.window.room.chat import ChatPanel
from client.desktop.window.room.players import PlayersLine
from client.desktop.window.room.selection import SelectionPanel
from client.desktop.window.widgets.bars import Bars
from client.desktop.window.widgets.board import BoardCanvas
from client.desktop.window.widgets.buttons import button, hint
from client.desktop.window.widgets.move_stepper import StepBar
from client.desktop.window.widgets.screen import Act, Screen, in_grid, set_text, show, wrap
from client.desktop.window.widgets.theme import Look
from client.desktop.window.widgets.timers import Ticker
from client.texts import room as texts
from client.texts.headline import headline
from game.forms.room_view import View

WIDE = 780
"""From this width on, the chat is beside the board."""
BARS_ROW = 4
BAR_HEIGHT = 36
"""Reserved for a bar while a game is running. Without it, a new bar would move the board under a click."""
LAST_ROW = 8


class RoomScreen(Screen[RoomModel]):
    """The screen for playing or watching."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        act: Act,
        model: RoomModel,
        *,
        server: str,
        leave: Callable[[], object],
        play_again: Callable[[], object],
    ) -> None:
        super().__init__(parent, look, act, model)
        self._leave = leave
        # Whether the keyboard focus is on the button that confirms a resignation. ``_wide`` and ``_selected`` record
        # the layout.
        self._asked = False
        self._wide = False
        self._selected = False
        self.rowconfigure(3, weight=1)
        self._build_top(server)
        self.players = in_grid(PlayersLine(self, look), row=1, sticky="ew", pady=(look.px(6), 0))
        self.headline = ttk.Label(self, font=look.font(17, bold=True), anchor="center", justify="center")
        self.headline.grid(row=2, sticky="ew", pady=(look.px(4), 0))
        self.board = in_grid(BoardCanvas(self, look, play=self._play, can_play=model.can_play), row=3, sticky="nsew")
        self.selection = in_grid(SelectionPanel(self, look, act, model), row=3, sticky="nsew")
        self.chat = ChatPanel(self, look, act, model.chat)
        self.bars = Bars(self, look, lambda reply: act(lambda: model.reply(reply)))
        self.bars.grid(row=BARS_ROW, sticky="ew")
        self.notice = ttk.Label(self, anchor="center", justify="center")
        self.notice.grid(row=5, sticky="ew", pady=(0, look.px(6)))
        self.actions = in_grid(Actions(self, look, act, model, leave=leave, play_again=play_again), row=6, sticky="ew")
        self.steps = in_grid(StepBar(self, look, act, model.steps), row=7, pady=(look.px(6), 0))
        self.spectators = ttk.Label(self, anchor="center", justify="center", font=look.font(10))
        self.spectators.grid(row=LAST_ROW, sticky="ew", pady=(look.px(6), 0))
        for label in (self.headline, self.notice, self.spectators):
            wrap(label)
        self.ticker = Ticker(self, self.tick, lambda: model.changes_with_time)
        self.bind("<Configure>", self._resized)
        self.board.focus_set()

    def _build_top(self, server: str) -> None:
        look = self.look
        top = in_grid(ttk.Frame(self), row=0, column=0, columnspan=2, sticky="ew")
        top.columnconfigure(1, weight=1)
        button(top, texts.LOBBY, self.leave).grid(row=0, column=0)
        self.title = in_grid(ttk.Label(top, anchor="center", font=look.font(12), width=1), row=0, column=1, sticky="ew")
        self.tab = in_grid(button(top, texts.CHAT, self.toggle_chat), row=0, column=2)
        self.access = in_grid(AccessPanel(top, self.look, self.act, self.model, server), row=0, column=3)
        hint(self.title, lambda: str(self.title.cget("text")))

    # -- state to show ------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        model, view, palette = self.model, self.model.view, self.look.palette
        if view is None:
            set_text(self.headline, texts.ENTERING, palette.quiet)
            self.actions.refresh(None)
            for part in (self.selection, self.tab, self.bars, self.steps):
                show(part, False)
            return
        set_text(self.title, texts.room_title(view), palette.quiet)
        line = headline(view, model.me)
        set_text(self.headline, line.text, palette.tones[line.tone])
        question = texts.RESIGN_QUESTION if model.command.confirming_resign else ""
        refused = model.command.notice
        set_text(self.notice, refused or question, palette.bad if refused else palette.text)
        show(self.notice, bool(refused or question))
        set_text(self.spectators, texts.spectators(view), palette.quiet)
        self.access.refresh(view)
        self._arrange(view)
        self.actions.refresh(view)
        self.steps.refresh()
        self.chat.refresh(view)
        self._move_keyboard()
        self.players.refresh(view, model.faces())
        self.bars.refresh(model.bars())
        self.ticker.go()

    def tick(self) -> None:
        """Show what has changed with time alone."""
        model, view = self.model, self.model.view
        if view is not None:
            self.players.show_clocks(model.faces())
            self.bars.refresh(model.bars())
            self.selection.tick(view)

    def _arrange(self, view: View) -> None:
        """Arrange the middle: the selection or the board. An open chat replaces it if the window is narrow."""
        model = self.model
        shows_chat = model.chat.is_open and not self._wide
        selecting = view.phase == "selecting"
        if self._wide:
            self.chat.grid(row=1, column=1, rowspan=LAST_ROW, sticky="nsew", padx=(self.look.px(16), 0), pady=0)
        elif shows_chat:
            self.chat.grid(row=3, column=0, rowspan=1, sticky="nsew", padx=0, pady=(0, self.look.px(6)))
        else:
            self.chat.grid_remove()
        if self._wide:
            model.chat.set_open(True)
        show(self.tab, not self._wide)
        set_text(self.tab, texts.BOARD if shows_chat else texts.chat_tab(model.chat.unread))
        show(self.selection, selecting and not shows_chat)
        show(self.board, not selecting and not shows_chat)
        show(self.steps, not selecting)
        self.rowconfigure(BARS_ROW, minsize=self.look.px(0 if selecting or not view.game_number else BAR_HEIGHT))
        scene = model.scene()
        if selecting:
            self.selection.refresh(view)
        elif scene is not None:
            self.board.show(scene)
        if selecting is not self._selected:
            self._selected = selecting
            if selecting:
                self.selection.begin()
            elif self.focus_get() is not self.chat.entry:
                self.board.focus_set()

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        wide = event.widget is self and event.width >= self.look.px(WIDE)
        if event.widget is self and wide is not self._wide:
            self._wide = wide
            self.model.chat.set_open(wide)
            self.act(lambda: None)

    def _move_keyboard(self) -> None:
        """Move the keyboard focus to the button that confirms a resignation, and back to the board after that."""
        asks = self.model.command.confirming_resign
        if asks is not self._asked:
            self._asked = asks
            (self.actions.resign if asks else self.board).focus_set()

    # -- actions ------------------------------------------------------------------------------------------------------

    def escape(self) -> None:
        if self.model.command.confirming_resign:
            self.act(self.model.keep_playing)
        elif self.focus_get() is self.chat.entry:
            self._close_chat()
        elif self.model.steps.looks_back:
            self.steps.go(self.model.steps.count)
        else:
            self.leave()

    def leave(self) -> None:
        """Return to the lobby."""
        self.act(self._leave)

    def go(self, by: int) -> None:
        self.steps.go(by)

    def toggle_chat(self) -> None:
        """Move from the board to the chat, and back."""
        if self.focus_get() is self.chat.entry or (self.model.chat.is_open and not self._wide):
            self._close_chat()
            return
        self.act(lambda: self.model.chat.set_open(True))
        self.chat.entry.focus_set()

    def _close_chat(self) -> None:
        self.board.focus_set()
        self.act(lambda: self.model.chat.set_open(self._wide))

    def reply(self, *texts: str) -> None:
        """Press the bars' buttons with these texts."""
        for text in texts:
            self.bars.press(text)

    def _play(self, cell: int) -> None:
        self.act(lambda: self.model.play(cell))
