"""The benchmark works: a quick run of each group, from outside. Its figures are not looked at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from client.bench.run import GROUPS
from server.settings import ROOT
from tests.conditions import A_RUN_S

KEYS = {"value", "unit", "yardstick", "ratio", "target", "holds"}


def bench(tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "tictactoe.py", "bench", *options],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=A_RUN_S,
        check=False,
    )


@pytest.mark.parametrize("group", GROUPS)
def test_each_group_measures_its_rows(tmp_path: Path, group: str) -> None:
    report = tmp_path / "report.json"
    done = bench(tmp_path, "--quick", "--only", group, "--report", str(report))
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(report.read_text())
    assert found["machine"]["cores"] >= 1
    assert found["rows"]
    for name, row in found["rows"].items():
        assert set(row) >= KEYS
        assert row["value"] > 0, name
        assert name in done.stdout
    picture = report.with_suffix(".svg")
    assert picture.exists() == (group == "growth")
    if picture.exists():
        assert ElementTree.parse(picture).getroot().tag.endswith("svg")


def test_a_group_that_there_is_none_of_is_refused(tmp_path: Path) -> None:
    done = bench(tmp_path, "--only", "nonsense")
    assert done.returncode != 0
    assert "playing" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
