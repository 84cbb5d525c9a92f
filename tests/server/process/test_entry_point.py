"""The server scripts take no arguments, and say so; a server starts by none but its plain command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from server.settings import ROOT, settings_and_defaults
from server.supervision.processes import CANNOT_START
from wire import COMMUNICATION, MAIN, REPLICATION

SCRIPTS = (MAIN, COMMUNICATION, REPLICATION)


def run(role: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, f"server/{role}.py", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("role", SCRIPTS)
def test_asked_for_help_a_script_explains_itself_and_starts_nothing(role: str, tmp_path: Path) -> None:
    done = run(role, "--help", DATA_FOLDER=str(tmp_path / "data"), HANG_S="never")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"python server/{role}.py" in done.stdout
    assert all(f"{name}=" in done.stdout for name in settings_and_defaults())
    assert "Exit status" in done.stdout
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("arguments", [("--port", "4001"), ("start",), ("--help", "--port"), ("",)])
def test_any_other_argument_is_refused(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = run(MAIN, *arguments, DATA_FOLDER=str(tmp_path / "data"))
    assert done.returncode == 2
    assert "--help" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "data").exists()


def test_help_that_nobody_reads_to_its_end_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, f"server/{MAIN}.py", "--help"],
        cwd=ROOT,
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert done.stderr == b""


def test_a_misspelt_setting_in_the_environment_keeps_a_server_from_starting(tmp_path: Path) -> None:
    done = run(MAIN, DATA_FOLDER=str(tmp_path / "data"), NAME_SERVER_PROT="1")
    assert done.returncode == CANNOT_START
    assert done.stderr == "the environment has NAME_SERVER_PROT, which is not a setting; NAME_SERVER_PORT is one\n"
