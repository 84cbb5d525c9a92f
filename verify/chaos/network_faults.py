"""What the chaos run needs of the servers: a protocol, because a client knows no servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from verify.chaos.plan import Direction, Port


class Havoc(Protocol):
    """A cluster on this machine, and all that can be done to it. Whoever is not there cannot be hit: no error."""

    @property
    def name_server(self) -> str:
        """ "host:port" of the name server."""

    @property
    def cannot(self) -> Mapping[str, str]:
        """The kinds of faults that this machine does not allow, and why."""

    def start(self) -> None:
        """Start what does not run, and wait until all is up. Raises an exception when that does not come about."""

    def all_down(self) -> bool:
        """Whether none of the three servers runs on: there is nobody to start the others."""

    def is_whole(self) -> bool:
        """Whether all four run, the replica is in step, and no row of either journal is damaged."""

    def describe(self) -> str:
        """How the four are, in a line, for people."""

    def kill(self, role: str) -> int | None:
        """SIGKILL, without waiting for the end; the pid, or None if nobody has the role."""

    def suspend(self, role: str) -> int | None:
        """SIGSTOP; the pid, or None if nobody has the role."""

    def resume(self, pid: int) -> None:
        """SIGCONT to a process that was suspended here, if it is still there."""

    def is_gone(self, pid: int) -> bool:
        """Whether a process that was suspended here has ended."""

    def fill_disk(self, role: str, largest_bytes: int) -> int | None:
        """From now on the role's process, and those it starts, can write to no file behind so many bytes; the pid, or
        None."""

    def free_disk(self) -> None:
        """Everybody can write again."""

    def cut(self, role: str, port: Port, direction: Direction) -> bool:
        """Nothing gets to that port ("in"), or from it ("out"), any more; whether that could be done."""

    def mend(self, role: str, port: Port, direction: Direction) -> None:
        """Undo ``cut``."""

    def damage(self, role: str, pick: int) -> str | None:
        """Flip a bit in a row of that role's journal which the other copy has and which is sound there; ``pick``
        chooses it. Which it was; None if there is none, or if it cannot be written now.
        """

    def set_clocks(self, offsets_s: Sequence[float]) -> None:
        """So wrong are the servers' wall clocks from now on, each another."""

    def keep_evidence(self, folder: Path) -> None:
        """Copy journals and logs of all servers to that folder."""
