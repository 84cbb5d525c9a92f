"""The interface for submitting commands. They go to the log, or are refused while nothing can be committed."""

from __future__ import annotations

from typing import Any, Protocol

from server.runtime.effects import Effects
from wire.later import Later


class CommandPort(Protocol):
    """Takes commands.

    The primary uses ``committer.Committer``. A main server that cannot commit uses
    ``refusing_committer.RefusingCommitter``.
    """

    def submit(self, stream: str, command: Any) -> Later:
        """Apply a command, and answer it.

        A request that was applied before gets its first answer. The ``Later`` fails with the command's Refusal or the
        error for which nothing is committed.
        """

    def locked(self, effects: Effects[Any]) -> Later:
        """Run a procedure with the commit lock held. The log does not grow meanwhile."""
