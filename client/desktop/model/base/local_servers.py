"""The servers on this machine: what windows need to start, kill and inspect them. The caller passes the control in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Event
from typing import Any, Protocol

from client.credentials import server_key
from client.desktop.model.base.background import Background, Task
from client.texts.connection import starting


class LocalServers(Protocol):
    """The control of the cluster that this machine's settings describe."""

    @property
    def name_server(self) -> str:
        """Its name server, as "host:port"."""

    def start(self, on_progress: Callable[[str], None] = ...) -> None:
        """Start the missing servers, and wait until they are up. ``on_progress`` gets each role. Raises CannotDo."""

    def kill(self, role: str) -> int:
        """End a role's process with SIGKILL, and return its pid. Raises CannotDo."""

    def runs_here(self) -> bool:
        """Return whether any server of the cluster runs on this machine."""

    def snapshot(self) -> Mapping[str, Any]:
        """Return the servers' states and recent takeovers, as ``servers()`` in docs/protocol.md."""


class CannotDo(Exception):
    """An action on this machine's servers failed. The message has the reason."""


OpenLocalServers = Callable[[], LocalServers]
"""Makes the control; raises CannotDo. Called in the background when needed, because it may read the disk."""


def same_server(one: str, other: str) -> bool:
    """Return whether two "host:port" mean the same name server, as far as the texts show it."""
    return server_key(one) == server_key(other)


def control_of(server: str, open_servers: OpenLocalServers | None) -> LocalServers | None:
    """Return the control of the cluster at ``server``, if this machine's settings describe it. May read the disk."""
    if open_servers is None:
        return None
    try:
        control = open_servers()
    except CannotDo:
        return None  # no cluster of this machine
    return control if same_server(control.name_server, server) else None


def start_servers(
    background: Background,
    control: Callable[[], LocalServers],
    *,
    progress: Callable[[str], None],
    done: Callable[[str], None],
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

    return background.run(work, done, lambda error: done(error.message))
