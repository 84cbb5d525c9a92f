"""A role's lock: one holder, and a dead one is not taken for a living one."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import filelock
import psutil
import pytest

from server.settings import Settings
from server.supervision import processes
from server.supervision.run_directory import AlreadyRunning, RunDirectory
from server.supervision.run_file import RunFile
from wire import MAIN


@pytest.fixture
def folder(settings: Settings) -> RunDirectory:
    return RunDirectory(settings)


@pytest.fixture
def held(settings: Settings) -> filelock.BaseFileLock:
    """The lock of the role, held by somebody."""
    RunDirectory(settings)  # makes the folder
    lock = filelock.FileLock(settings.data / "run" / f"{MAIN}.lock")
    lock.acquire(timeout=0)
    return lock


def dead() -> RunFile:
    """The run file of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        return RunFile.of(MAIN, process.pid)


def test_a_lock_that_a_dying_process_still_holds_is_waited_for(
    folder: RunDirectory, held: filelock.BaseFileLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(dead())
    monkeypatch.setattr(processes.time, "sleep", lambda _: held.release())
    lock = folder.acquire_lock(MAIN)
    assert lock.is_locked
    runs = folder.read(MAIN)
    assert runs is not None
    assert runs.pid == os.getpid()


def test_a_lock_of_a_living_process_is_refused_at_once(
    folder: RunDirectory, held: filelock.BaseFileLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(RunFile.of(MAIN, os.getpid()))
    monkeypatch.setattr(processes.time, "sleep", lambda _: held.release())
    with pytest.raises(AlreadyRunning, match=str(os.getpid())):
        folder.acquire_lock(MAIN)


@pytest.mark.usefixtures("held")
def test_a_lock_that_stays_taken_is_refused_in_the_end(folder: RunDirectory) -> None:
    folder.write(dead())
    with pytest.raises(AlreadyRunning, match="just starting"):
        folder.acquire_lock(MAIN)


def test_what_killed_processes_left_half_written_is_removed_when_a_server_starts(
    folder: RunDirectory, settings: Settings
) -> None:
    left = [
        settings.data / "cluster.key.4194305.new",  # no system has such a pid
        settings.data / "run" / f"{MAIN}.4194305.new",
        settings.data / "run" / f"{MAIN}.json.1.4194305.new",
    ]
    for file in left:
        file.touch()
    folder.acquire_lock(MAIN)
    assert [file for file in left if file.exists()] == []


def test_a_process_is_known_also_after_the_clock_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    run = RunFile.of(MAIN, os.getpid())
    create_time = psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: create_time(process) + 3600)
    right = time.time
    monkeypatch.setattr(processes.time, "time", lambda: right() + 3600)
    assert run.alive
    assert 0 <= run.age_s < 3600
