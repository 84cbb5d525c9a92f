"""The record of which process has a role, or had it last, and what distinguishes that process from every other.

A pid alone does not identify a process. The system may reuse it, and after a reboot it does. In a copied data folder
the pid is the original's. So a run file has four things: the pid, when the process began, the boot of the system, and
the run directory in which it was written.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psutil
from msgspec import Struct

from server.runtime.this_machine import this_boot

_COUNTS_FROM_BOOT = sys.platform == "linux"
_STARTED_AT = 19
"""Index of the start time in /proc/PID/stat, after the command's name, which may contain blanks; see proc(5)."""


class RunFile(Struct, frozen=True):
    """The process that has a role, or had it last. ``created`` is when it began; it distinguishes reused pids.

    ``created`` is in seconds since the boot where the system reports that, because the wall clock may be set while a
    process runs. Elsewhere it is in seconds since 1970.
    """

    role: str
    pid: int
    created: float
    boot: str = ""
    """The boot id, where ``created`` counts from the boot. Empty in files of older versions."""
    folder: str = ""
    """The run directory in which it has the role, see ``folder_id``. Empty in files of older versions."""

    @classmethod
    def of(cls, role: str, pid: int, folder: str = "") -> RunFile:
        """Return the run file of a living process. Raises psutil.NoSuchProcess."""
        return cls(role, pid, _created(psutil.Process(pid)), this_boot(), folder)

    @property
    def age_s(self) -> float:
        """Seconds since it began."""
        return clock() - self.created

    @property
    def created_at(self) -> float:
        """When it began, in seconds since 1970, for people."""
        return time.time() - self.age_s

    @property
    def alive(self) -> bool:
        """Whether exactly this process still runs. A zombie does not."""
        return self.process() is not None

    def process(self) -> psutil.Process | None:
        """Return the process if it still runs, else None."""
        if self.boot not in ("", this_boot()):
            return None
        try:
            process = psutil.Process(self.pid)
            if _created(process) == self.created and process.status() != psutil.STATUS_ZOMBIE:
                return process
        except psutil.NoSuchProcess:
            pass
        return None


def folder_id(folder: Path) -> str:
    """Return an id that no copy of the folder shares, and that a move on this system keeps.

    Empty if the folder does not exist.
    """
    try:
        found = folder.stat()
    except OSError:
        return ""
    return f"{found.st_dev:x}:{found.st_ino:x}"


def clock() -> float:
    """Return the time on the clock of ``RunFile.created``, which is rounded down, on Linux to 0.01 s."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if _COUNTS_FROM_BOOT else time.time()


def _created(process: psutil.Process) -> float:
    """Return ``RunFile.created`` of a process. psutil only has the wall clock time. Raises psutil.NoSuchProcess."""
    if not _COUNTS_FROM_BOOT:
        return process.create_time()
    try:
        fields_ = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        raise psutil.NoSuchProcess(process.pid) from None
    return int(fields_[_STARTED_AT]) / os.sysconf("SC_CLK_TCK")
