"""A short chaos run from outside, as people start it: clean as things are, and not when a rule is broken on purpose.

The seeds are such that what a test looks for falls in few seconds: much right after the fault before it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from server.settings import ROOT
from tests.conditions import A_RUN_S


def chaos(tmp_path: Path, *options: str, **environment: str) -> tuple[int, dict[str, Any], str]:
    """Exit status, report and output of a run; nothing of it is left behind."""
    report = tmp_path / "report.json"
    run = subprocess.run(
        [sys.executable, "tictactoe.py", "chaos", "--report", str(report), *options],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=A_RUN_S,
        check=False,
    )
    assert report.exists(), run.stdout + run.stderr
    assert [process for process in psutil.process_iter() if str(tmp_path) in data_folder_of(process)] == []
    return run.returncode, json.loads(report.read_text()), run.stdout + run.stderr


def data_folder_of(process: psutil.Process) -> str:
    try:
        return process.environ().get("DATA_FOLDER", "")
    except psutil.Error:
        return ""


def test_a_short_run_is_clean(tmp_path: Path) -> None:
    status, report, output = chaos(tmp_path, "--minutes", "0.1", "--seed", "4207")
    assert status == 0, output
    assert report["clean"]
    assert report["games_finished"] == report["games_begun"] > 0
    assert report["moves_acked"] > 0
    assert report["faults"] >= 7
    assert report["complaints"] == []
    assert {"kill", "hang", "pause", "network cut", "clock", "client killed"} <= set(report["faults_by_kind"])
    assert (tmp_path / "report.md").exists()


def test_a_cluster_that_forgets_request_ids_is_caught(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "forget_request_ids").touch()
    status, report, output = chaos(tmp_path, "--minutes", "0.1", "--seed", "2564", TEST_FAULTS=str(broken))
    assert status == 1, output
    assert report["lost"] + report["not_linearizable"] > 0, output
    assert (tmp_path / "report.evidence").is_dir()
