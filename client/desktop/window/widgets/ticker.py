"""What changes on screen by time alone: drawn ten times a second while something does, and not at all otherwise."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

TICK_MS = 100


class Ticker:
    """Calls ``draw`` now and then while ``wanted`` says so; goes with its widget."""

    def __init__(self, widget: tk.Misc, draw: Callable[[], None], wanted: Callable[[], bool]) -> None:
        self._widget = widget
        self._draw = draw
        self._wanted = wanted
        self._timer: str | None = None
        widget.bind("<Destroy>", self._destroyed, add="+")

    @property
    def runs(self) -> bool:
        """Whether it will draw again."""
        return self._timer is not None

    def go(self) -> None:
        """Begin, if there is something to draw and it does not run yet."""
        if self._timer is None and self._wanted():
            self._timer = self._widget.after(TICK_MS, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._draw()
        self.go()

    def _destroyed(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self._widget and self._timer is not None:
            self._widget.after_cancel(self._timer)
            self._timer = None
