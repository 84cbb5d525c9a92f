"""As many connections as there are file descriptors for, and a reserve for everything else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from server.runtime.fd_limits import ENDPOINTS, LEAST, RESERVE
from server.settings import ROOT, Settings, as_environment
from server.supervision import processes
from server.supervision.run_directory import RunDirectory
from tests.conditions import A_RUN_S
from wire import MAIN

resource = pytest.importorskip("resource", reason="sockets are no file descriptors on Windows")

ASK = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
from server.runtime.fd_limits import connections_for
print(connections_for(1000), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def asked(soft: int, hard: int) -> subprocess.CompletedProcess[str]:
    """Ask a process with these limits how many connections it takes of 1,000."""
    command = [sys.executable, "-c", ASK, str(soft), str(hard)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def given(soft: int, hard: int) -> tuple[int, int]:
    """How many it takes, and its limit then."""
    connections, limit = asked(soft, hard).stdout.split()[-2:]
    return int(connections), int(limit)


def test_the_limit_is_raised_as_far_as_the_system_allows_and_the_rest_is_turned_away() -> None:
    enough = 1000 * ENDPOINTS + RESERVE
    assert given(512, 4096) == (1000, enough)
    assert given(512, 1024) == ((1024 - RESERVE) // ENDPOINTS, 1024)
    assert given(4096, 4096) == (1000, 4096)


def test_a_process_that_could_take_hardly_any_connection_is_refused_with_the_limit_that_would_do() -> None:
    needed = LEAST * ENDPOINTS + RESERVE
    assert given(needed, needed) == (LEAST, needed)
    refused = asked(256, needed - 1)
    assert refused.returncode != 0
    assert f"SettingsError: the system lets this process open {needed - 1} files at most" in refused.stderr
    assert f"a server needs {needed}" in refused.stderr


def test_a_server_on_such_a_system_ends_with_that_sentence_alone(settings: Settings) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

    refused = subprocess.run(
        [sys.executable, "server/main_server.py"],
        cwd=ROOT,
        env=as_environment(settings),
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=A_RUN_S,
        check=False,
    )
    assert refused.returncode == processes.CANNOT_START
    assert refused.stderr.startswith("the system lets this process open 256 files at most (ulimit -Hn), and a server ")
    assert refused.stderr.count("\n") == 1
    assert RunDirectory(settings).read(MAIN) is None, "it never was the server of its role"
