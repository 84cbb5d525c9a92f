"""A server is written down, or runs without that: a full disk does not keep it from starting."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.supervision import processes
from server.supervision.run_directory import RunDirectory, RunFile
from tests.conditions import wait_until
from tests.small_disk import SmallDisk, small_disk
from verify.testbed.local_cluster import sandbox_settings
from wire import MAIN, REPLICATION


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk that can be filled."""
    with small_disk(tmp_path / "disk") as disk:
        yield disk


def ended() -> RunFile:
    """The run file of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        return RunFile.of(MAIN, process.pid)


def test_on_a_full_disk_a_server_is_written_down_in_the_place_of_the_one_before(disk: SmallDisk) -> None:
    folder = RunDirectory(sandbox_settings(disk.folder / "data"))
    folder.write(ended())
    disk.fill()
    lock = folder.acquire_lock(MAIN)
    assert lock.is_locked
    assert folder.read(MAIN) == folder.run_of(MAIN, os.getpid())
    assert list(disk.folder.rglob("*.new")) == []


def test_on_a_full_disk_the_first_of_a_role_runs_without_being_written_down(disk: SmallDisk) -> None:
    folder = RunDirectory(sandbox_settings(disk.folder / "data"))
    disk.fill()
    lock = folder.acquire_lock(MAIN)
    assert lock.is_locked
    assert folder.read(MAIN) in (None, folder.run_of(MAIN, os.getpid()))


def test_a_process_whose_log_cannot_be_written_is_started_all_the_same(disk: SmallDisk) -> None:
    settings = sandbox_settings(disk.folder / "data")
    RunDirectory(settings)
    disk.fill()
    (settings.data / "logs").write_bytes(b"")  # where logs cannot be: there is no such folder, and no room for one
    child = processes.start(REPLICATION, settings)
    try:
        run = RunFile.of(REPLICATION, child.pid)
        wait_until(lambda: "server/replication_server.py" in _command(run), what="the server's command")
    finally:
        child.kill()
        child.wait()


def _command(run: RunFile) -> list[str]:
    process = run.process()
    return [] if process is None else process.cmdline()
