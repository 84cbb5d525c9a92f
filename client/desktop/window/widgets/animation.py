"""Draw an animation frame by frame, with Tk's timers."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

FRAME_MS = 16


class Animations:
    """The running animations of a widget, by name. They all stop when the widget is destroyed."""

    def __init__(self, widget: tk.Misc) -> None:
        self._widget = widget
        self._running: dict[str, str] = {}
        widget.bind("<Destroy>", lambda _: self.stop_all(), add="+")

    def run(self, what: str, frames: int, draw: Callable[[float], None]) -> None:
        """Call ``draw`` with 1/frames, 2/frames … 1, the first at once. An earlier animation of that name stops."""
        self.stop(what)

        def frame(number: int) -> None:
            self._running.pop(what, None)
            draw(number / frames)
            if number < frames:
                self._running[what] = self._widget.after(FRAME_MS, frame, number + 1)

        frame(1)

    def runs(self, what: str) -> bool:
        """Return whether that animation runs."""
        return what in self._running

    def stop(self, what: str) -> None:
        """Stop that animation, and leave the drawing as it is."""
        running = self._running.pop(what, None)
        if running is not None:
            self._widget.after_cancel(running)

    def stop_all(self) -> None:
        """Stop all animations."""
        for what in list(self._running):
            self.stop(what)
