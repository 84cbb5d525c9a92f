"""Wrong clocks: only the wall clock is, each process has its own, and it jumps when the file changes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.clocks import WrongClocks

ASK = """
import sys, time
for _ in sys.stdin:
    print(time.time(), time.monotonic(), time.mktime(time.localtime()), flush=True)
"""


class Process:
    """Another Python, which is asked for its clocks."""

    def __init__(self, clocks: WrongClocks) -> None:
        environment = {**os.environ, **clocks.environment}
        self._process = subprocess.Popen(
            [sys.executable, "-c", ASK], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def offsets(self) -> tuple[float, float, float]:
        """How far its wall clock, its monotonic clock and its local time are from ours."""
        pipes = self._process.stdin, self._process.stdout
        assert pipes[0] is not None
        assert pipes[1] is not None
        print("?", file=pipes[0], flush=True)
        wall, monotonic, local = map(float, pipes[1].readline().split())
        return wall - time.time(), monotonic - time.monotonic(), local - time.time()

    def end(self) -> None:
        self._process.communicate()


@pytest.fixture
def clocks(tmp_path: Path) -> WrongClocks:
    return WrongClocks(tmp_path)


@pytest.fixture
def process(clocks: WrongClocks) -> Iterator[Process]:
    started = Process(clocks)
    yield started
    started.end()


def test_clocks_are_right_at_first(process: Process) -> None:
    assert process.offsets()[:2] == pytest.approx((0.0, 0.0), abs=1.0)


def test_a_wall_clock_is_wrong_and_the_monotonic_one_right(clocks: WrongClocks, process: Process) -> None:
    clocks.set([7200.0])
    wall, monotonic, local = process.offsets()
    assert (wall, monotonic) == pytest.approx((7200.0, 0.0), abs=1.0)
    assert local == pytest.approx(7200.0, abs=2.0)


def test_processes_have_clocks_of_their_own(clocks: WrongClocks) -> None:
    clocks.set([100.0 * number for number in range(50)])
    processes = [Process(clocks) for _ in range(2)]
    first, second = (process.offsets()[0] for process in processes)
    for process in processes:
        process.end()
    assert abs(first - second) > 50.0
