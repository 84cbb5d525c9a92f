"""The trace of one schedule: plain lines with time, node and event. A replay gives the same bytes."""

from __future__ import annotations


class EventTrace:
    """Records lines when ``on``. Otherwise it records nothing."""

    def __init__(self, *, on: bool = False) -> None:
        self.on = on
        self.lines: list[str] = []

    def note(self, now: float, name: str, what: str) -> None:
        """Record an event of a node."""
        if self.on:
            self.lines.append(f"{now:12.6f}  {name:<14} {what}")

    def sent(self, now: float, sender: str, receiver: str, message: object, arrivals: int) -> None:
        """Record that a message was sent. ``arrivals`` is how many copies will arrive: 0, 1 or 2."""
        if self.on:
            fate = {0: "  (lost)", 1: ""}.get(arrivals, "  (twice)")
            self.lines.append(f"{now:12.6f}  {sender:<14} → {receiver:<14} {message}{fate}")
