"""Which process has a role, or had it last: how it is written down, and how it is told from every other process.

A pid alone names nothing: it may be another program's by now, after a reboot surely is, and in a copy of a data folder
it is the original's. So a run file has the pid, when that process began, the boot of the system that it belongs to, and
the run folder in which it was written down.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import psutil

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_COUNTS_FROM_BOOT = sys.platform == "linux"
_STARTED_AT = 19
"""Where /proc/PID/stat has it, counted from after the command's name, which may have blanks in it; see proc(5)."""


@dataclass(frozen=True)
class RunFile:
    """Who runs, or ran last, in a role: ``created`` is when the process began and tells pids that are used again.

    In seconds since the system started where that can be told, because the wall clock may be set while a process lives;
    else in seconds since 1970.
    """

    role: str
    pid: int
    created: float
    boot: str = ""
    """Which boot of which system, where ``created`` counts from that. Empty in what older versions wrote."""
    folder: str = ""
    """The run folder in which it has the role, see ``folder_id``. Empty in what older versions wrote."""

    @classmethod
    def of(cls, role: str, pid: int, folder: str = "") -> RunFile:
        """The run file of a living process. Raises psutil.NoSuchProcess."""
        return cls(role, pid, _created(psutil.Process(pid)), this_boot(), folder)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> RunFile:
        """The run file of these fields; those of newer versions are left out. Raises TypeError for what is none."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in plain.items() if name in known})

    @property
    def age_s(self) -> float:
        """How long ago it began."""
        return clock() - self.created

    @property
    def created_at(self) -> float:
        """When it began, in seconds since 1970, for people."""
        return time.time() - self.age_s

    @property
    def alive(self) -> bool:
        """Whether that very process still runs; a zombie does not."""
        return self.process() is not None

    def process(self) -> psutil.Process | None:
        """The process, if it still runs."""
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
    """What a folder has to itself on this system, also when it is moved, and no copy of it has; empty without one."""
    try:
        found = folder.stat()
    except OSError:
        return ""
    return f"{found.st_dev:x}:{found.st_ino:x}"


@functools.cache
def this_boot() -> str:
    """What tells this boot of this system from all others; empty where the system does not tell."""
    return _BOOT_ID.read_text().strip() if _COUNTS_FROM_BOOT else ""


def clock() -> float:
    """The clock by which ``RunFile.created`` is; that is rounded down, to a hundredth of a second on Linux."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if _COUNTS_FROM_BOOT else time.time()


def _created(process: psutil.Process) -> float:
    """See ``RunFile.created``. psutil itself only says it by the wall clock. Raises psutil.NoSuchProcess."""
    if not _COUNTS_FROM_BOOT:
        return process.create_time()
    try:
        fields_ = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        raise psutil.NoSuchProcess(process.pid) from None
    return int(fields_[_STARTED_AT]) / os.sysconf("SC_CLK_TCK")
