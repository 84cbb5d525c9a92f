"""Draw what changes with time alone: ten times a second while something changes, otherwise never."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

TICK_MS = 100


class Ticker:
    """Calls ``draw`` every ``TICK_MS`` milliseconds while ``wanted`` returns true. Ends with its widget."""

    def __init__(self, widget: tk.Misc, draw: Callable[[], None], wanted: Callable[[], bool]) -> None:
        self._widget = widget
        self._draw = draw
        self._wanted = wanted
        self._timer: str | None = None
        widget.bind("<Destroy>", self._destroyed, add="+")

    @property
    def runs(self) -> bool:
        """Whether another drawing is scheduled."""
        return self._timer is not None

    def go(self) -> None:
        """Start, if there is something to draw and it is not running."""
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
