"""The bars under the board: offers, with their buttons. Unchanged bars keep their widgets."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

import ttkbootstrap as ttk

from client.desktop.model.room.offers import Bar, BarButton
from client.desktop.window.widgets.flow import Flow
from client.desktop.window.widgets.screen import set_text, show
from client.desktop.window.widgets.theme import Look


class Bars(ttk.Frame):
    """A line for each bar; hidden without bars."""

    def __init__(self, parent: tk.Misc, look: Look, reply: Callable[[BarButton], None]) -> None:
        super().__init__(parent)
        self._look = look
        self._reply = reply
        self._shown: list[tuple[tuple[BarButton, ...], ttk.Label, Flow]] = []
        self.replies: tuple[BarButton, ...] = ()
        """The current buttons, in their order."""
        self.columnconfigure(0, weight=1)

    def refresh(self, bars: Sequence[Bar]) -> None:
        """Show these bars. A bar with the same buttons keeps them: a button made again would lose a click."""
        if [replies for replies, _, _ in self._shown] != [bar.replies for bar in bars]:
            self._rebuild(bars)
        for (_, label, flow), bar in zip(self._shown, bars, strict=True):
            set_text(label, bar.text, self._look.palette.text)
            flow.arrange()
        self.replies = tuple(reply for bar in bars for reply in bar.replies)
        show(self, bool(bars))

    def press(self, text: str) -> None:
        """Press the first button with that text, if there is one."""
        for reply in self.replies:
            if reply.text == text:
                self._reply(reply)
                return

    def _rebuild(self, bars: Sequence[Bar]) -> None:
        for _, _, flow in self._shown:
            flow.destroy()
        self._shown = [self._bar(bar) for bar in bars]

    def _bar(self, bar: Bar) -> tuple[tuple[BarButton, ...], ttk.Label, Flow]:
        look = self._look
        flow = Flow(self, look, side="middle")
        flow.grid(row=len(self.winfo_children()), sticky="ew", pady=(0, look.px(4)))
        label = ttk.Label(flow, justify="center")
        buttons = [
            ttk.Button(
                flow,
                text=reply.text,
                bootstyle="primary" if reply.verb == "accept" else "outline",
                command=lambda reply=reply: self._reply(reply),
            )
            for reply in bar.replies
        ]
        flow.add(label, *buttons)
        return bar.replies, label, flow
