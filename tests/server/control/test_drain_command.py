"""``cluster drain`` and ``cluster upgrade`` as people type them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest

from server.control.cluster import ClusterControl
from server.settings import ROOT, as_environment
from server.supervision.processes import ROLES
from server.supervision.role_status import DrainStatus
from tests.conditions import PATIENCE_S


def typed(cluster: ClusterControl, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "tictactoe.py", "cluster", *words],
        cwd=ROOT,
        env={**os.environ, **as_environment(cluster.settings), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said(cluster: ClusterControl, *words: str, status: int = 0) -> str:
    """What a command says, once it has ended with that status."""
    with typed(cluster, *words) as command:
        output = command.communicate(timeout=PATIENCE_S)[0]
    assert command.returncode == status, output
    return output


@pytest.mark.usefixtures("game")
def test_drain_is_interrupted_called_off_and_carried_out(cluster: ClusterControl) -> None:
    with typed(cluster, "drain", "--deadline", "30") as command:
        assert command.stdout is not None
        first = command.stdout.readline()
        command.send_signal(signal.SIGINT)
        output = first + command.communicate(timeout=PATIENCE_S)[0]
    assert command.returncode == 2
    assert "still draining" in output
    assert "--cancel" in output
    assert "1 game running" in output
    assert "The cluster is draining" in said(cluster, "start")
    assert re.search(r"draining: 1 game running, the cluster stops at .* at the latest", said(cluster, "status"))
    assert "in sync" in said(cluster, "status")
    assert "open again" in said(cluster, "drain", "--cancel")
    assert cluster.drain_status() == DrainStatus(False)
    assert "1 game will continue after the next start" in said(cluster, "drain", "--deadline", "0")
    assert not cluster.runs_here()
    assert "no server runs here" in said(cluster, "drain", status=2)
    assert "no server runs here" in said(cluster, "upgrade", status=2)


def test_upgrade_says_whom_it_replaced(cluster: ClusterControl) -> None:
    output = said(cluster, "upgrade")
    for role in ROLES:
        run = cluster.process_of(role)
        assert run is not None
        assert re.search(rf"{role}: pid \d+ → {run.pid}, .*cluster complete after", output)
    assert "All four servers were replaced" in output
