"""The time line of one schedule: who did what when, as plain lines that a replay makes again to the byte."""

from __future__ import annotations


class EventTrace:
    """Takes notes when ``on``; off it costs nothing."""

    def __init__(self, *, on: bool = False) -> None:
        self.on = on
        self.lines: list[str] = []

    def note(self, now: float, who: str, what: str) -> None:
        """Something happened."""
        if self.on:
            self.lines.append(f"{now:12.6f}  {who:<14} {what}")

    def sent(self, now: float, sender: str, receiver: str, message: object, arrivals: int) -> None:
        """A message was sent, and that many copies of it are going to arrive."""
        if self.on:
            fate = {0: "  (lost)", 1: ""}.get(arrivals, "  (twice)")
            self.lines.append(f"{now:12.6f}  {sender:<14} → {receiver:<14} {message}{fate}")
