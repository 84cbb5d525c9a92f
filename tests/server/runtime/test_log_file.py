"""The log of a server that runs is changed for a new one when it is large; nothing that was written is lost by it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from server.runtime import log_file
from server.settings import ROOT, Settings, SettingsError, as_environment, load
from server.supervision import processes
from tests.conditions import wait_until
from tests.conftest import MakeCluster
from wire import MAIN

LEAST = 1 << 16
WRITE = """
import os, sys
from server.runtime.log_file import LogFile
from server.settings import load
own = LogFile(load(), "main_server")
for number in range(int(sys.argv[1])):
    sys.stderr.write(f"{number} {'x' * 100}\\n")
    own.rotate_if_due()
print("end", flush=True)
"""


def logs(settings: Settings, role: str = MAIN) -> list[Path]:
    """Its log files, the oldest first."""
    return sorted((settings.data / "logs").glob(f"{role}-*.log"))


def write(settings: Settings, lines: int) -> None:
    """Have a process write that many lines into its log."""
    with log_file.open_new(settings, MAIN) as output:
        command = [sys.executable, "-c", WRITE, str(lines)]
        environment = as_environment(settings)
        subprocess.run(command, cwd=ROOT, env=environment, stdout=output, stderr=output, check=True)


def test_a_large_log_is_followed_by_a_new_one_and_every_line_is_in_one_of_them(settings: Settings) -> None:
    write(replace(settings, max_log_bytes=LEAST), 2000)
    files = logs(settings)
    assert len(files) > 2
    assert all(file.stat().st_size < LEAST + 200 for file in files)
    lines = "".join(file.read_text() for file in files).splitlines()
    assert [line.split()[0] for line in lines] == [*map(str, range(2000)), "end"]


def test_only_so_many_are_kept(settings: Settings) -> None:
    write(replace(settings, max_log_bytes=LEAST, keep_logs=2), 5000)
    assert len(logs(settings)) == 2
    assert logs(settings)[-1].read_text().endswith("end\n")


def test_a_log_that_was_removed_is_followed_by_one_that_can_be_found(make_cluster: MakeCluster) -> None:
    settings = make_cluster().settings
    processes.start(MAIN, settings)
    removed = wait_until(lambda: [file for file in logs(settings) if "waiting" in file.read_text()])[0]
    removed.unlink()
    wait_until(lambda: logs(settings), what="a new one")
    assert removed not in logs(settings)


def test_a_server_that_runs_changes_its_log(make_cluster: MakeCluster) -> None:
    settings = make_cluster(max_log_bytes=LEAST, start_grace_s=3600.0).settings
    processes.start(MAIN, settings)
    first = wait_until(lambda: [file for file in logs(settings) if "waiting" in file.read_text()])[0]
    with first.open("ab") as log:
        log.write(b"x" * LEAST)
    wait_until(lambda: len(logs(settings)) == 2, what="a new log")
    wait_until(logs(settings)[-1].read_text, what="what the server writes next")


def test_output_that_leads_somewhere_else_is_left_alone(settings: Settings, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.log"
    environment = as_environment(replace(settings, max_log_bytes=LEAST))
    with elsewhere.open("wb") as output:
        command = [sys.executable, "-c", WRITE, "1000"]
        subprocess.run(command, cwd=ROOT, env=environment, stdout=output, stderr=output, check=True)
    assert elsewhere.stat().st_size > LEAST
    assert logs(settings) == []


def test_a_log_that_holds_hardly_anything_is_a_clear_error() -> None:
    with pytest.raises(SettingsError, match="MAX_LOG_BYTES must be 65536 or more"):
        load({"MAX_LOG_BYTES": "1000"})
