"""Drawing a frame at a time, on Tk's own clock."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

FRAME_MS = 16


class Animations:
    """What moves on one widget, each by a name of its own; all stops when the widget goes."""

    def __init__(self, widget: tk.Misc) -> None:
        self._widget = widget
        self._running: dict[str, str] = {}
        widget.bind("<Destroy>", lambda _: self.stop_all(), add="+")

    def run(self, what: str, frames: int, draw: Callable[[float], None]) -> None:
        """Call ``draw`` with 1/frames, 2/frames … 1, the first now; whatever ran under that name stops."""
        self.stop(what)

        def frame(number: int) -> None:
            self._running.pop(what, None)
            draw(number / frames)
            if number < frames:
                self._running[what] = self._widget.after(FRAME_MS, frame, number + 1)

        frame(1)

    def runs(self, what: str) -> bool:
        """Whether that still moves."""
        return what in self._running

    def stop(self, what: str) -> None:
        """Leave that as it is."""
        running = self._running.pop(what, None)
        if running is not None:
            self._widget.after_cancel(running)

    def stop_all(self) -> None:
        """Leave everything as it is."""
        for what in list(self._running):
            self.stop(what)
