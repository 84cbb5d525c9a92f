"""The servers on this machine, as far as the windows start, kill and look at them. Handed in: a client knows none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from client.credentials import server_key


class LocalServers(Protocol):
    """The control of the cluster that this machine's settings describe."""

    @property
    def name_server(self) -> str:
        """ "host:port" of its name server."""

    def start(self, on_progress: Callable[[str], None] = ...) -> None:
        """Start what does not run, and wait until it is up; ``on_progress`` hears who is. Raises CannotDo."""

    def kill(self, role: str) -> int:
        """End a role with SIGKILL; its pid. Raises CannotDo."""

    def runs_here(self) -> bool:
        """Whether any of its servers runs on this machine."""

    def look(self) -> Mapping[str, Any]:
        """How they are, and which were replaced lately; as ``servers()`` in docs/protocol.md."""


class CannotDo(Exception):
    """What was asked of the servers on this machine did not happen; the sentence says why."""


OpenLocalServers = Callable[[], LocalServers]
"""Makes the control; raises CannotDo. Called in the background, when it is needed: it may touch the disk."""


def same_server(one: str, other: str) -> bool:
    """Whether two "host:port" mean the same name server, as far as their texts tell."""
    return server_key(one) == server_key(other)
