"""Log files of background processes: created, rotated when they are large, and limited in number.

Standard output and error of such a process go to a file that its starter opened. The process itself rotates that file:
no other process can, and the starter may have ended. A process that a person starts in a terminal keeps its output.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import structlog

from server.runtime.retries import Retries
from server.settings import Settings
from server.telemetry import logs
from wire import NAME_SERVER

CHECK_EVERY_S = 1.0
_STDOUT, _STDERR = 1, 2

logger = structlog.get_logger()


def open_new(settings: Settings, role: str) -> IO[bytes]:
    """Return the open log of a new process, or the null device if no file can be created.

    For the name server it is also the null device when the file has no room: that program, which is not of this
    project, ends when it cannot write.
    """
    try:
        opened = _new_path(settings, role).open("ab", buffering=0)
        if role == NAME_SERVER:
            opened.write(b"\n")
            opened.truncate(0)
        return opened
    except OSError as error:
        logger.warning("log file not created", other=role, why=error.strerror)
        return Path(os.devnull).open("wb")


def _new_path(settings: Settings, role: str) -> Path:
    """Return the path of the next log of that role. Removes the oldest logs, so that KEEP_LOGS remain with it."""
    folder = settings.data / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.glob(f"{role}-*.log"))[: 1 - settings.keep_logs or None]:
        old.unlink(missing_ok=True)
    return folder / f"{role}-{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09d}.log"


class LogFile:
    """The log file of this process, if its standard error goes to a file in the data folder."""

    def __init__(self, settings: Settings, role: str) -> None:
        """Create it while the process is new: later its file may have been removed as an old log."""
        self._settings = settings
        self._role = role
        self.is_ours = any(_is_stderr(file) for file in (settings.data / "logs").glob(f"{role}-*.log"))
        """Whether standard error goes to a log of this role. It never changes."""
        self.retries = Retries("log file not rotated")

    def run(self, go_on: Callable[[], bool], pause: Callable[[float], object]) -> None:
        """Rotate the log whenever it is large, until ``go_on()`` is false."""
        while go_on():
            self.rotate_if_due()
            pause(CHECK_EVERY_S)

    def rotate_if_due(self) -> None:
        """Continue in a new file if this one has MAX_LOG_BYTES or was removed.

        A removed file that is still open fills the disk unseen.
        """
        if not self.is_ours:
            return
        now = os.fstat(_STDERR)
        if now.st_nlink and now.st_size < self._settings.max_log_bytes:
            return
        try:
            self._rotate(_new_path(self._settings, self._role))
        except OSError as error:
            self.retries.failed_with(error.strerror or str(error), "storage_failed")
        else:
            self.retries.succeeded()

    def _rotate(self, path: Path) -> None:
        logs.flush()
        with path.open("ab", buffering=0) as new:
            for number in (_STDOUT, _STDERR):
                os.dup2(new.fileno(), number)


def _is_stderr(file: Path) -> bool:
    try:
        return os.path.samestat(file.stat(), os.fstat(_STDERR))
    except FileNotFoundError:
        return False
