"""Which names the windows on this machine use at this moment, so that the next window offers another.

A lock for each, which the system frees when the window's process ends, however it does. Only about what to offer:
whoever wants to may be the same person in two windows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import filelock
import structlog

logger = structlog.get_logger()


@dataclass(frozen=True)
class SignIn:
    """A username on a server ("host:port" of its name server)."""

    server: str
    name: str


class WindowLock:
    """What is in use, and the one that this window uses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: filelock.BaseFileLock | None = None

    def hold(self, sign_in: SignIn) -> None:
        """This window uses that one now, and none it used before."""
        self.let_go()
        self._held = self._taken(sign_in)

    def let_go(self) -> None:
        """This window uses none."""
        if self._held is not None:
            self._held.release()
            self._held = None

    def has(self, sign_in: SignIn) -> bool:
        """Whether another window uses that one. What cannot be told is free."""
        lock = self._taken(sign_in)
        if lock is not None:
            lock.release()
        return lock is None

    def _taken(self, sign_in: SignIn) -> filelock.BaseFileLock | None:
        """Its lock, or None if another window has it."""
        digest = hashlib.sha256(f"{sign_in.server} {sign_in.name}".encode()).hexdigest()[:16]
        lock = filelock.FileLock(self._folder / f"window-{digest}.lock")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except filelock.Timeout:
            return None
        except (OSError, NotImplementedError) as error:  # the latter: a file system without locks
            logger.warning("a name cannot be locked", name=sign_in.name, why=str(error))
        return lock
