"""Draw what changes with time, with Tk's timers: animations, clocks and countdowns."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

FRAME_MS = 16
TICK_MS = 100


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


class Ticker:
    """Calls ``draw`` every ``TICK_MS`` milliseconds while ``wanted`` returns true. Ends with its widget."""

    def __init__(self, widget: tk.Misc, draw: Callable[[], None], wanted: Callable[[], bool]) -> None:
        self._widget = widget
        self._draw = draw
        self._wanted = wanted
        # Tk's name of the next drawing; None if none is scheduled.
        self.timer: str | None = None
        widget.bind("<Destroy>", self._destroyed, add="+")

    def go(self) -> None:
        """Start, if there is something to draw and it is not running."""
        if self.timer is None and self._wanted():
            self.timer = self._widget.after(TICK_MS, self._tick)

    def _tick(self) -> None:
        self.timer = None
        self._draw()
        self.go()

    def _destroyed(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self._widget and self.timer is not None:
            self._widget.after_cancel(self.timer)
            self.timer = None
