"""The cluster view: the four processes as a live picture, the last takeovers, and a kill button for each process."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Mapping

import ttkbootstrap as ttk

from client.desktop.model.base.cluster import ORDER, ClusterModel, Server
from client.desktop.window.widgets.buttons import button
from client.desktop.window.widgets.screen import Act, Screen, in_grid, set_text
from client.desktop.window.widgets.theme import Look
from client.texts import cluster as texts
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

BOX = (222, 104)
SHOWN_TAKEOVERS = 5
_PLACES: Mapping[str, tuple[float, float]] = {
    NAME_SERVER: (0.5, 0.17),
    COMMUNICATION: (0.25, 0.5),
    MAIN: (0.75, 0.5),
    REPLICATION: (0.5, 0.83),
}
"""The centre of each box in the picture, as parts of its width and height."""
_ARROWS = (
    (COMMUNICATION, MAIN, texts.ARROWS[0]),
    (MAIN, REPLICATION, texts.ARROWS[1]),
    (REPLICATION, COMMUNICATION, texts.ARROWS[2]),
    (NAME_SERVER, COMMUNICATION, ""),
    (NAME_SERVER, MAIN, ""),
)


class ClusterScreen(Screen[ClusterModel]):
    """The four servers in their current state."""

    def __init__(self, parent: tk.Misc, look: Look, act: Act, model: ClusterModel) -> None:
        super().__init__(parent, look, act, model)
        self.rowconfigure(0, weight=1)
        self.picture = in_grid(ttk.Canvas(self, autostyle=False, highlightthickness=0), sticky="nsew")
        for change in ("<Configure>", "<<ThemeChanged>>"):
            self.picture.bind(change, lambda _: self._draw())
        self.kills = {role: self._kill_button(role) for role in ORDER}
        ttk.Label(self, text=texts.TAKEOVERS, font=look.font(12, bold=True)).grid(sticky="w", pady=(look.px(8), 0))
        self.takeovers = in_grid(ttk.Label(self, justify="left", anchor="nw"), sticky="ew")
        self.message = in_grid(ttk.Label(self), sticky="ew", pady=(look.px(8), 0))

    def refresh(self) -> None:
        model, palette = self.model, self.look.palette
        for server in model.servers:
            self._show(server)
        lines = [takeover.text for takeover in model.takeovers[:SHOWN_TAKEOVERS]]
        set_text(self.takeovers, "\n".join(lines) or texts.NO_TAKEOVER, palette.text)
        advice = texts.TRY_A_KILL if model.can_kill else ""
        set_text(self.message, model.message or advice, palette.quiet)

    def _kill_button(self, role: str) -> ttk.Button:
        return button(self.picture, texts.kill(role), self.acts(lambda: self.model.kill(role)), "danger-outline")

    def _draw(self) -> None:
        """Draw what stays the same: boxes, lines, titles. ``_show`` adds what changes."""
        self.picture.delete("all")
        self.picture.configure(background=self.look.palette.ground)
        for start, end, text in _ARROWS:
            self._draw_arrow(start, end, text)
        for server in self.model.servers:
            self._draw_box(server.role)
            self._show(server)

    def _show(self, server: Server) -> None:
        canvas, palette = self.picture, self.look.palette
        state = palette.good if server.is_well else palette.quiet if server.state == "unknown" else palette.bad
        canvas.itemconfigure(f"box-{server.role}", outline=state)
        canvas.itemconfigure(f"dot-{server.role}", fill=state)
        facts = "\n".join([server.word, *_in_pairs(server.facts)])
        canvas.itemconfigure(f"facts-{server.role}", text=facts, fill=palette.quiet if server.is_well else state)
        canvas.itemconfigure(f"kill-{server.role}", state="normal" if self.model.can_kill else "hidden")
        self.kills[server.role].configure(state="normal" if server.pid is not None else "disabled")

    def _middle(self, role: str) -> tuple[float, float]:
        x, y = _PLACES[role]
        return x * self.picture.winfo_width(), y * self.picture.winfo_height()

    def _draw_arrow(self, start: str, end: str, text: str) -> None:
        palette, (x0, y0), (x1, y1) = self.look.palette, self._middle(start), self._middle(end)
        self.picture.create_line(x0, y0, x1, y1, fill=palette.grid, width=self.look.px(2))
        middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        label = self.picture.create_text(middle, text=text, fill=palette.quiet, font=self.look.font(9))
        if text:
            self.picture.create_rectangle(self.picture.bbox(label), fill=palette.ground, width=0)
            self.picture.tag_raise(label)

    def _draw_box(self, role: str) -> None:
        look, palette, canvas = self.look, self.look.palette, self.picture
        (x, y), (width, height) = self._middle(role), (look.px(BOX[0]), look.px(BOX[1]))
        left, top, right, bottom = box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        canvas.create_rectangle(box, fill=palette.cell, width=look.px(2), tags=(f"box-{role}",))
        inset, dot, middle = left + look.px(12), look.px(5), top + look.px(20)
        canvas.create_oval(inset, middle - dot, inset + 2 * dot, middle + dot, outline="", tags=(f"dot-{role}",))
        title, font = (inset + look.px(18), middle), look.font(11, bold=True)
        canvas.create_text(title, text=texts.TITLES[role], anchor="w", fill=palette.text, font=font)
        canvas.create_text(inset, top + look.px(36), anchor="nw", font=look.font(9), tags=(f"facts-{role}",))
        gap = look.px(8)
        kill = self.kills[role]
        canvas.create_window(right - gap, bottom - gap, window=kill, anchor="se", tags=(f"kill-{role}",))


def _in_pairs(facts: list[str]) -> list[str]:
    """Return the facts as lines, two facts in each."""
    return [", ".join(facts[first : first + 2]) for first in range(0, len(facts), 2)]
