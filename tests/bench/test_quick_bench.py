"""The benchmark works: a quick run of each group. Its figures are not looked at.

The command runs in this process, so that the groups share a cluster; a group that needs two starts another. It plays
in two rooms at the most to see how it grows, and looks at the journals after each short measurement.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

import bench.measured_cluster
import bench.measures.soak
import bench.peers.rows
import bench.run
from bench.measured_cluster import MeasuredCluster, measured_cluster
from bench.measures.scale import QUICK
from bench.run import GROUPS
from server.settings import ROOT
from tests.conditions import A_RUN_S, wait_until
from tictactoe import app

KEYS = {"value", "unit", "yardstick", "ratio", "target", "holds", "processor_us"}
ClusterFor = Callable[[], AbstractContextManager[MeasuredCluster]]


@pytest.fixture(scope="module")
def cluster_for() -> Iterator[ClusterFor]:
    """What gives a group its cluster: the shared one, or one of its own while that is taken."""
    with measured_cluster() as shared:
        free = [shared]

        @contextmanager
        def give() -> Iterator[MeasuredCluster]:
            if not free:
                with measured_cluster() as own:
                    yield own
                return
            cluster = free.pop()
            try:
                wait_until(cluster.is_whole)
                yield cluster
            finally:
                free.append(cluster)

        yield give


@pytest.mark.parametrize("group", GROUPS)
def test_each_group_measures_its_rows(
    tmp_path: Path, group: str, cluster_for: ClusterFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.measured_cluster, "measured_cluster", cluster_for)
    monkeypatch.setattr(bench.run, "QUICK", replace(QUICK, most_rooms=2))
    monkeypatch.setattr(bench.measures.soak, "LOOKS", 1)
    report = tmp_path / "report.json"
    done = CliRunner().invoke(app, ["bench", "--quick", "--only", group, "--report", str(report)])
    assert done.exit_code == 0, (done.output, done.exception)
    found = json.loads(report.read_text())
    assert found["machine"]["cores"] >= 1
    assert found["conditions"]["echo_processor_us"] > 0
    assert found["rows"]
    for name, row in found["rows"].items():
        assert set(row) >= KEYS
        assert row["value"] > 0, name
        assert name in done.output
    picture = report.with_suffix(".svg")
    assert picture.exists() == (group == "growth")
    if picture.exists():
        assert ElementTree.parse(picture).getroot().tag.endswith("svg")


def test_a_group_that_there_is_none_of_is_refused() -> None:
    """From outside, as people run it."""
    command = [sys.executable, "tictactoe.py", "bench", "--only", "nonsense"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=A_RUN_S, check=False)
    assert done.returncode != 0
    assert "playing" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_peers_that_are_not_installed_are_refused_with_the_command_that_installs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.peers.rows, "HERE", tmp_path)
    monkeypatch.setattr(bench.run, "GROUPS", {})
    done = CliRunner().invoke(app, ["bench", "--quick", "--peers"])
    assert done.exit_code != 0
    assert "bench/peers/setup.sh" in done.output
