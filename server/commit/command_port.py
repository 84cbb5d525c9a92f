"""Where commands go, as desk, pairing and draining know it: into the log, or nowhere while nothing can be committed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from wire.later import Later


class CommandPort(Protocol):
    """Takes commands. In office ``group_commit.Committer``, else ``refusing_committer.RefusingCommitter``."""

    def submit(self, stream: str, command: Any) -> Mapping[str, object] | Later:
        """Carry out a command: its answer, or what will be the answer; for a request that was carried out before, its
        first answer. Raises, or fails with, the Refusal of the command, or the error for which nothing is committed.
        """

    def turn(self) -> AbstractContextManager[None]:
        """Have the commit lock and commit nothing: while inside, the log does not grow."""

    @property
    def waiting(self) -> int:
        """How many wait for that lock."""
