"""As many connections as there are file descriptors for, and a reserve for everything else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from server.descriptors import ENDPOINTS, RESERVE
from server.settings import ROOT

ASK = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
from server.descriptors import connections_for
print(connections_for(1000), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def given(soft: int, hard: int) -> tuple[int, int]:
    """How many connections a process with these limits takes of 1,000, and its limit then."""
    command = [sys.executable, "-c", ASK, str(soft), str(hard)]
    asked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    connections, limit = asked.stdout.split()[-2:]
    return int(connections), int(limit)


@pytest.mark.skipif(sys.platform == "win32", reason="there sockets are no file descriptors")
def test_the_limit_is_raised_as_far_as_the_system_allows_and_the_rest_is_turned_away() -> None:
    enough = 1000 * ENDPOINTS + RESERVE
    assert given(512, 4096) == (1000, enough)
    assert given(512, 1024) == ((1024 - RESERVE) // ENDPOINTS, 1024)
    assert given(64, 64) == (1, 64)
    assert given(4096, 4096) == (1000, 4096)
