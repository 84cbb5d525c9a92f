"""The folder that records which process has which role on this machine.

It has a lock for each role, so that only one process can have the role. The system frees the lock when its holder dies.
The run file names that process. ``owns`` decides whether a process belongs to this folder. Nothing is started or ended
from here.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from pathlib import Path

import filelock
import msgspec
import psutil
import structlog

from server.settings import ROOT, Settings, SettingsError
from server.supervision.run_file import RunFile, folder_id
from wire import MAIN
from wire.atomic_files import remove_leftovers, replace_file
from wire.errors import StorageFailed

logger = structlog.get_logger()

LOCK_RELEASE_S = 0.5
"""Seconds for which a dead process may still hold its lock. It looks dead when its first thread has
ended. The system frees the lock when the last one has: up to 30 ms later, measured with 200 threads.
"""


RUNS_ALREADY = "runs already"
"""In the last line of the log of a server that was refused because another has the role."""


class AlreadyRunning(Exception):
    """Another server of the role runs; the message names it."""


class RunDirectory:
    """The folder ``run`` in the data folder: role locks and run files."""

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError when the data folder cannot be used."""
        self._folder = settings.data / "run"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"DATA_FOLDER {settings.data} cannot be used: {error.strerror or error}") from None
        self._draining_file = self._folder / "draining"
        self.id = folder_id(self._folder)
        """Differs from the id of every copy of this folder; see ``run_file.folder_id``."""

    @property
    def is_in_place(self) -> bool:
        """Whether its path still leads to it. False once it was moved, even if another folder took its place."""
        return folder_id(self._folder) == self.id

    def acquire_lock(self, role: str) -> filelock.BaseFileLock:
        """Take the lock of a role for the life of this process. Raises AlreadyRunning.

        Waits for a holder that has just died: to treat it as alive would cost a takeover seconds. On a full disk the
        run file may stay as it was.
        """
        lock = filelock.FileLock(self._lock_file(role))
        deadline = time.monotonic() + LOCK_RELEASE_S
        while not _acquired(lock):
            runs = self.read(role)
            alive = runs is not None and runs.alive
            if alive or time.monotonic() > deadline:
                process = f"with pid {runs.pid}" if runs is not None and alive else "and is just starting"
                raise AlreadyRunning(f"a {role} {RUNS_ALREADY}, {process}, for the data in {self._folder.parent}")
            time.sleep(0.001)
        for folder in (self._folder, self._folder.parent):
            remove_leftovers(folder, runs=psutil.pid_exists)
        self.try_to_write(self.run_of(role, os.getpid()))
        return lock

    def run_of(self, role: str, pid: int) -> RunFile:
        """Return the run file of a living process with that role in this folder. Raises psutil.NoSuchProcess."""
        return RunFile.of(role, pid, self.id)

    def write(self, run: RunFile) -> None:
        """Write a run file. Raises StorageFailed.

        On a full disk the old file is overwritten in place, because a new file finds no room. A reader of a
        half-written file finds no process with that start time.
        """
        file, text = self._file(run.role), msgspec.json.encode(run).decode()
        try:
            try:
                replace_file(file, text)
            except OSError:
                _write_over(file, text)
        except OSError as error:
            raise StorageFailed(f"the run directory cannot be written: {error.strerror or error}") from error

    def try_to_write(self, run: RunFile) -> None:
        """Write a run file, or log why not. A process without a run file works just as well."""
        try:
            self.write(run)
        except StorageFailed as error:
            logger.warning("run file not written", other=run.role, pid=run.pid, why=error.message)

    def read(self, role: str) -> RunFile | None:
        """Return the run file of a role in this folder; None if there is none.

        The process may have ended without being stopped for good. A copied folder contains run files of the original's
        processes; they do not count here.
        """
        try:
            run = msgspec.json.decode(self._file(role).read_bytes(), type=RunFile)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            logger.warning("run file unreadable", other=role, why=str(error))
            return None
        return run if self.owns(run) else None

    def owns(self, run: RunFile) -> bool:
        """Whether a process belongs to this folder, and not to another folder of which this is a copy."""
        if run.folder:
            return run.folder == self.id
        process = run.process()  # from an older version, which did not write the folder
        return process is None or self._is_used_by(process, run.role)

    def _is_used_by(self, process: psutil.Process, role: str) -> bool:
        """Whether a process has the role's lock file open, or was started for this folder."""
        with contextlib.suppress(psutil.Error, OSError):
            lock = self._lock_file(role)
            opened = [Path(file.path) for file in process.open_files()]
            if any(file.samefile(lock) for file in opened if file.name == lock.name):
                return True
        with contextlib.suppress(psutil.Error):
            return self.is_in_data_folder_of(process.environ())
        return False

    def is_in_data_folder_of(self, environment: Mapping[str, str]) -> bool:
        """Whether this folder is in the data folder that an environment names."""
        data = environment.get("DATA_FOLDER")
        return bool(data) and folder_id(ROOT / str(data) / self._folder.name) == self.id

    def clear(self, role: str) -> None:
        """Delete the role's run file: it was stopped for good, and nothing must start it again."""
        if role == MAIN:
            self.unmark_draining()  # first: a kill in between then leaves a run file and no mark
        self._file(role).unlink(missing_ok=True)

    @property
    def is_marked_draining(self) -> bool:
        """Whether the cluster drains and was not stopped since; see ``server.main.drain``."""
        return self._draining_file.exists()

    def mark_draining(self) -> None:
        """Mark the cluster as draining, before the log entry of the drain. Raises StorageFailed."""
        try:
            self._draining_file.touch()
        except OSError as error:
            raise StorageFailed(f"the run directory cannot be written: {error.strerror or error}") from error

    def unmark_draining(self) -> None:
        """Remove the mark, if there is one."""
        self._draining_file.unlink(missing_ok=True)

    def _lock_file(self, role: str) -> Path:
        return self._folder / f"{role}.lock"

    def _file(self, role: str) -> Path:
        return self._folder / f"{role}.json"


def _write_over(file: Path, text: str) -> None:
    """Overwrite a file in place, padded with blanks so that the file does not get shorter."""
    with file.open("r+b", buffering=0) as old:
        length = len(old.read())
        old.seek(0)
        old.write(text.encode().ljust(length))


def _acquired(lock: filelock.BaseFileLock) -> bool:
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return False
    except NotImplementedError:
        raise SettingsError(f"DATA_FOLDER is on a file system without locks: {Path(lock.lock_file).parent}") from None
    return True
