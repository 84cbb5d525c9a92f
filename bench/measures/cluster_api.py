"""What the benchmark needs of the servers: a protocol, because a client knows no servers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol


class Servers(Protocol):
    """A cluster on this machine that nothing else uses."""

    @property
    def name_server(self) -> str:
        """ "host:port" of the name server."""

    @property
    def free_port(self) -> int:
        """A port that is this cluster's and that none of its servers uses."""

    def is_whole(self) -> bool:
        """Whether all four run and the replica is in step."""

    def kill_main(self) -> None:
        """SIGKILL, without waiting for anything."""

    def restart(self) -> float:
        """Stop all, start all again, and how many seconds it took from the start until the main server was in office
        and the replica in step."""

    def main_memory(self) -> int:
        """Bytes that the main server has to itself (unique set size)."""

    def journal_bytes(self) -> int:
        """The size of the main server's journal on disk."""

    def disk_bytes(self) -> int:
        """The size of both journals on disk."""

    def kept_bytes(self) -> int:
        """What is kept in both journals weighs so much, but for the book of records, which grows with every game."""

    def records(self) -> int:
        """How many games the book has."""

    def cpu_s(self) -> float:
        """The processors' seconds that the four servers have taken so far."""


Cluster = Callable[[], AbstractContextManager[Servers]]
"""Starts a new cluster, and removes it in the end."""
