"""Programs started with descriptors 0, 1 or 2 closed run as others do, and write nothing into their own files."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from server.control.cluster import ClusterControl
from server.settings import ROOT, Settings, as_environment
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import MakeCluster
from wire import MAIN, REPLICATION

CLOSED = ["2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there a shell closes no descriptors")


def shell(closed: str, *words: str, settings: Settings) -> subprocess.Popen[bytes]:
    """Start a program of ours with these descriptors closed."""
    command = f'exec "$@" {closed}'
    return subprocess.Popen(
        ["/bin/sh", "-c", command, "sh", sys.executable, *words], cwd=ROOT, env=as_environment(settings)
    )


@pytest.mark.parametrize("closed", CLOSED)
def test_a_server_with_closed_descriptors_serves(make_cluster: MakeCluster, closed: str) -> None:
    cluster: ClusterControl = make_cluster(start_grace_s=60.0)
    started = [shell(closed, f"server/{role}.py", settings=cluster.settings) for role in (MAIN, REPLICATION)]
    try:
        wait_until(lambda: any(one.step == "in step" for one in cluster.status()) or any(p.poll() for p in started))
        assert [process.poll() for process in started] == [None, None]
    finally:
        cluster.stop()
        for process in started:
            process.wait(PATIENCE_S)


@pytest.mark.parametrize("closed", CLOSED)
def test_the_command_line_with_closed_descriptors_does_what_it_is_asked(settings: Settings, closed: str) -> None:
    command = shell(closed, "tictactoe.py", "cluster", "status", settings=replace(settings, owner_pid=0))
    assert command.wait(PATIENCE_S) == 1, "the cluster does not run"
