"""Start the servers on this machine, with a text that names each server as it comes up."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from client.desktop.model.base.background import Background, Task
from client.desktop.model.base.local_servers import CannotDo, LocalServers
from client.texts.connection import starting
from wire.errors import TicTacToeError


def start_servers(
    background: Background,
    control: Callable[[], LocalServers],
    *,
    progress: Callable[[str], None],
    done: Callable[[str], None],
    failed: Callable[[TicTacToeError], None],
) -> Task:
    """Start the servers in the background. ``done`` gets the reason if they did not start, otherwise an empty text."""
    up: list[str] = []

    def on_progress(role: str) -> None:
        up.append(role)
        text = starting(up)
        background.post(lambda: progress(text))

    def work(_: Event) -> str:
        try:
            control().start(on_progress)
        except CannotDo as error:
            return str(error)
        return ""

    return background.run(work, done, failed)
