"""Texts of the banner: the connection, maintenance, and starting the servers on this machine."""

from __future__ import annotations

import time
from collections.abc import Sequence

from client.texts.phrases import Caption, sentence

START_SERVERS = Caption(
    "Start the servers here",
    "Start the name server and the three servers on this machine. They keep running when this window is closed.",
)
NO_SERVER_RUNS = "No server is running"
CLOSED = "The servers are down for maintenance — reconnecting"


def lost(seconds: float | None) -> str:
    """Return that the connection is lost, with its duration unless it is None."""
    return "Connection lost — reconnecting" + ("" if seconds is None else f" ({seconds:.0f} s)")


def back_after(seconds: float) -> str:
    """Return that the servers answer again."""
    return f"Reconnected after {seconds:.1f} s"


def closing(until: float | None) -> str:
    """Return when the servers stop for maintenance (seconds since 1970), in the local time of day."""
    if until is None:
        return "The servers stop for maintenance when all games are over. Please finish yours."
    at = time.strftime("%H:%M", time.localtime(until))
    return f"The servers stop for maintenance at {at}. Please finish your game."


def starting(roles: Sequence[str] = ()) -> str:
    """Return which servers have started so far."""
    started = ", ".join(role.replace("_", " ") for role in roles)
    return f"Starting the servers: {started} …" if started else "Starting the servers …"


def did_not_start(reason: str) -> str:
    """Return why the servers did not start."""
    return f"The servers did not start: {sentence(reason)}"
