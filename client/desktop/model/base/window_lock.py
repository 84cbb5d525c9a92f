"""Which names the windows on this machine use now, so that the next window offers another.

There is a lock for each name. The system frees it when the window's process ends in any way. The lock only affects what
is offered: a person may still use a name in two windows.
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
    """The locks of names in use, and the lock that this window holds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # At most one lock: the name that this window uses.
        self._held: filelock.BaseFileLock | None = None

    def acquire(self, sign_in: SignIn) -> None:
        """Lock that name for this window, and release the name before."""
        self.release()
        self._held = self._try_lock(sign_in)

    def release(self) -> None:
        """Release this window's name."""
        if self._held is not None:
            self._held.release()
            self._held = None

    def is_held_elsewhere(self, sign_in: SignIn) -> bool:
        """Return whether another window uses that name. If a lock cannot be tried, the name counts as free."""
        lock = self._try_lock(sign_in)
        if lock is not None:
            lock.release()
        return lock is None

    def _try_lock(self, sign_in: SignIn) -> filelock.BaseFileLock | None:
        """Return the name's lock, or None if another window holds it."""
        digest = hashlib.sha256(f"{sign_in.server} {sign_in.name}".encode()).hexdigest()[:16]
        lock = filelock.FileLock(self._folder / f"window-{digest}.lock")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except filelock.Timeout:
            return None
        except (OSError, NotImplementedError) as error:  # NotImplementedError: a file system without locks
            logger.warning("a name cannot be locked", name=sign_in.name, why=str(error))
        return lock
