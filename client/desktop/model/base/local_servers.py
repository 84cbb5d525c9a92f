"""The servers on this machine: what windows need to start, kill and inspect them. The caller passes it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from client.credentials import server_key


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
