"""The output of the demo: one live board, the kills, and the summary. Without a terminal it prints plain lines."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping, Sized
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from rich.columns import Columns
from rich.console import Console, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from game.forms.room_view import View

LINES = 14
SHOWN_FINDINGS = 20
FRAMES_PER_SECOND = 12


class DemoScreen:
    """The live view. Safe for threads. The library rich draws it in its own thread."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._lines: deque[str] = deque(maxlen=LINES)
        self._view: View | None = None
        self.moves: Sized = ()
        """The acknowledged moves, of which the number is shown."""

    def shown(self) -> AbstractContextManager[object]:
        """Return what shows the view as long as it is entered."""
        if not self._console.is_terminal:
            return nullcontext()
        return Live(
            console=self._console, get_renderable=self._draw, refresh_per_second=FRAMES_PER_SECOND, transient=True
        )

    def say(self, sentence: str) -> None:
        """Add a line about an event."""
        line = f"{time.monotonic() - self._began:6.2f} s  {sentence}"
        with self._lock:
            self._lines.append(line)
        if not self._console.is_terminal:
            self._console.print(line, markup=False, highlight=False)

    def show(self, view: View) -> None:
        """Show the present state of the board."""
        self._view = view

    def _draw(self) -> RenderableType:
        with self._lock:
            lines = list(self._lines)
        left = Panel(_board(self._view), title=self._view.title if self._view else "", width=30)
        right = Panel(Text("\n".join(lines)), title=f"{len(self.moves)} moves acknowledged", width=78, height=LINES + 2)
        return Columns([left, right])


def _board(view: View | None) -> Text:
    if view is None:
        return Text("")
    board = view.board
    text = Text()
    for cell, stone in enumerate(board["cells"]):
        style = "bold green" if cell in board["line"] else "bold" if cell == board["last"] else ""
        text.append(f" {stone if stone != '.' else '·'} ", style)
        if cell % board["width"] == board["width"] - 1:
            text.append("\n")
    players = [f"{seat} {owner.name}" for seat, owner in view.seats.items() if owner is not None]
    text.append("\n".join(["", *players, f"game {view.game_number}, version {view.version}"]))
    return text


def show_summary(console: Console, report: Mapping[str, Any]) -> None:
    """Print the summary of a demo's report."""
    table = Table(show_header=False, title="Results")
    for title, key in (
        ("games finished", "games_finished"),
        ("moves acknowledged", "moves_acked"),
        ("moves lost", "moves_lost"),
        ("moves doubled", "moves_doubled"),
        ("views out of order", "views_out_of_order"),
    ):
        table.add_row(title, str(report[key]))
    for role, count in report["kills"].items():
        table.add_row(f"{role} killed", str(count))
    for title, key in (
        ("kill of main_server → next accepted move", "recovery_ms"),
        ("kill → cluster healthy", "whole_ms"),
    ):
        times = report[key]
        if times["max"] is not None:
            table.add_row(title, f"p50 {times['p50']} ms, p99 {times['p99']} ms, max {times['max']} ms")
    console.print(table)
    for finding in report["findings"][:SHOWN_FINDINGS]:
        console.print(finding, style="red", markup=False)
