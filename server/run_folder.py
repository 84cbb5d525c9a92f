"""Who runs in which role on this machine: the folder where that is locked and written down.

Lives here: the lock that only one server of a role can hold (the system frees it when its holder dies), the file that
says who that is, and how to tell that very process from a later one with the same pid. Starts and ends nobody.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import filelock
import psutil
import structlog

from server.settings import Settings, SettingsError
from wire import MAIN
from wire.errors import StorageFailed
from wire.whole_file import remove_leftovers, replace_file

logger = structlog.get_logger()

DYING_S = 0.5
"""How long a dead process may still hold its lock. Its first thread is gone before its last, and only then the system
frees the lock: up to 30 ms later, measured with 200 threads."""


class AlreadyRunning(Exception):
    """Another server of the role runs; the sentence says which."""


@dataclass(frozen=True)
class RunFile:
    """Who runs, or ran last, in a role: ``created`` is when the process began and tells pids that are used again.

    In seconds since the system started where that can be told, because the wall clock may be set while a process lives;
    else in seconds since 1970.
    """

    role: str
    pid: int
    created: float

    @classmethod
    def of(cls, role: str, pid: int) -> RunFile:
        """The run file of a living process."""
        return cls(role, pid, _created(psutil.Process(pid)))

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
        try:
            process = psutil.Process(self.pid)
            if _created(process) == self.created and process.status() != psutil.STATUS_ZOMBIE:
                return process
        except psutil.NoSuchProcess:
            pass
        return None


class RunFolder:
    """The folder in the data folder where roles are locked and their holders written down."""

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError when the data folder cannot be used."""
        self._folder = settings.data / "run"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"DATA_FOLDER {settings.data} cannot be used: {error.strerror or error}") from None

    def hold(self, role: str) -> filelock.BaseFileLock:
        """Become the one server of a role, for as long as this process lives. Raises AlreadyRunning.

        A holder that has just died is waited for: to take it for a living one would cost a takeover seconds. On a full
        disk the run file may stay as it was: see ``is_written``.
        """
        lock = filelock.FileLock(self._folder / f"{role}.lock")
        deadline = time.monotonic() + DYING_S
        while not _acquired(lock):
            runs = self.read(role)
            lives = runs is not None and runs.alive
            if lives or time.monotonic() > deadline:
                who = f"with pid {runs.pid}" if runs is not None and lives else "and is just starting"
                raise AlreadyRunning(f"a {role} runs already, {who}, for the data in {self._folder.parent}")
            time.sleep(0.001)
        self._remove_leftovers()
        self.try_to_write(RunFile.of(role, os.getpid()))
        return lock

    def _remove_leftovers(self) -> None:
        for folder in (self._folder, self._folder.parent):
            remove_leftovers(folder, runs=psutil.pid_exists)

    def write(self, run: RunFile) -> None:
        """Write down who runs. Raises StorageFailed.

        On a full disk the old file is written over: it has its place, and a new file finds none. A reader that gets
        half of each finds no process that began then.
        """
        file, text = self._file(run.role), json.dumps(asdict(run))
        try:
            try:
                replace_file(file, text)
            except OSError:
                _write_over(file, text)
        except OSError as error:
            raise StorageFailed(f"the run folder cannot be written to: {error.strerror or error}") from error

    def try_to_write(self, run: RunFile) -> bool:
        """Write down who runs; whether that could be done. A process that is not written down is worth no less."""
        try:
            self.write(run)
        except StorageFailed as error:
            logger.warning("a process cannot be written down", other=run.role, pid=run.pid, why=error.message)
            return False
        return True

    def is_written(self, run: RunFile) -> bool:
        """Whether that process is written down."""
        return self.read(run.role) == run

    def read(self, role: str) -> RunFile | None:
        """Who runs, or ran and was not stopped for good; None if nobody."""
        try:
            return RunFile(**json.loads(self._file(role).read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            logger.warning("a run file cannot be read", other=role, why=str(error))
            return None

    def clear(self, role: str) -> None:
        """Nobody is missed in this role: it was stopped for good."""
        if role == MAIN:
            self.unmark_draining()  # first: whoever is killed in between leaves a server that is missed, and no mark
        self._file(role).unlink(missing_ok=True)

    @property
    def is_marked_draining(self) -> bool:
        """Whether the cluster is being emptied and was not stopped since; see ``draining``."""
        return self._mark.exists()

    def mark_draining(self) -> None:
        """From now on it is, once the log says so. Raises StorageFailed."""
        try:
            self._mark.touch()
        except OSError as error:
            raise StorageFailed(f"the run folder cannot be written to: {error.strerror or error}") from error

    def unmark_draining(self) -> None:
        """It is not, or no more."""
        self._mark.unlink(missing_ok=True)

    @property
    def _mark(self) -> Path:
        return self._folder / "draining"

    def _file(self, role: str) -> Path:
        return self._folder / f"{role}.json"


_COUNTS_FROM_BOOT = sys.platform == "linux"
_STARTED_AT = 19
"""Where /proc/PID/stat has it, counted from after the command's name, which may have blanks in it; see proc(5)."""


def _created(process: psutil.Process) -> float:
    """See ``RunFile.created``. psutil itself only says it by the wall clock. Raises psutil.NoSuchProcess."""
    if not _COUNTS_FROM_BOOT:
        return process.create_time()
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        raise psutil.NoSuchProcess(process.pid) from None
    return int(fields[_STARTED_AT]) / os.sysconf("SC_CLK_TCK")


def clock() -> float:
    """The clock by which ``RunFile.created`` is; that is rounded down, to a hundredth of a second on Linux."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if _COUNTS_FROM_BOOT else time.time()


def _write_over(file: Path, text: str) -> None:
    """Put a text in the place of the old one, with blanks behind it so that the file does not get shorter."""
    with file.open("r+b", buffering=0) as old:
        length = len(old.read())
        old.seek(0)
        old.write(text.encode().ljust(length))


def _acquired(lock: filelock.BaseFileLock) -> bool:
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return False
    return True
