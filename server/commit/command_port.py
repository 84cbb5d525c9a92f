"""The interface for submitting commands. They go to the log, or are refused while nothing can be committed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from wire.later import Later


class CommandPort(Protocol):
    """Takes commands.

    The primary uses ``group_commit.Committer``. A main server that cannot commit uses
    ``refusing_committer.RefusingCommitter``.
    """

    def submit(self, stream: str, command: Any) -> Mapping[str, object] | Later:
        """Apply a command and return its answer, or a ``Later`` for it.

        A request that was applied before gets its first answer. Raises, or fails the ``Later`` with, the command's
        Refusal or the error for which nothing is committed.
        """

    def commit_lock(self) -> AbstractContextManager[None]:
        """Hold the commit lock without a commit. The log does not grow inside."""
