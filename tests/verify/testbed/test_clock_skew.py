"""Wrong clocks: only the wall clock is, each process has its own, and it jumps when the file changes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from verify.testbed.clock_skew import SkewedClocks

ASK = """
import sys, time
for _ in sys.stdin:
    print(time.time(), time.monotonic(), time.mktime(time.localtime()), flush=True)
"""


class Offset(NamedTuple):
    """How far a clock is from ours, in seconds: between these two, because to ask takes time."""

    least: float
    most: float

    def may_be(self, seconds: float) -> bool:
        """Whether it may be that, by clocks that are read in whole seconds."""
        return self.least - 1.0 <= seconds <= self.most + 1.0


class Process:
    """Another Python, which is asked for its clocks."""

    def __init__(self, clocks: SkewedClocks) -> None:
        environment = {**os.environ, **clocks.environment}
        self._process = subprocess.Popen(
            [sys.executable, "-c", ASK], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def offsets(self) -> tuple[Offset, Offset, Offset]:
        """How far its wall clock, its monotonic clock and its local time are from ours."""
        pipes = self._process.stdin, self._process.stdout
        assert pipes[0] is not None
        assert pipes[1] is not None
        before = time.time(), time.monotonic(), time.time()
        print("?", file=pipes[0], flush=True)
        theirs = map(float, pipes[1].readline().split())
        after = time.time(), time.monotonic(), time.time()
        first, second, third = (
            Offset(its - late, its - early) for its, early, late in zip(theirs, before, after, strict=True)
        )
        return first, second, third

    def end(self) -> None:
        self._process.communicate()


@pytest.fixture
def clocks(tmp_path: Path) -> SkewedClocks:
    return SkewedClocks(tmp_path)


@pytest.fixture
def process(clocks: SkewedClocks) -> Iterator[Process]:
    started = Process(clocks)
    yield started
    started.end()


def test_clocks_are_right_at_first(process: Process) -> None:
    assert all(offset.may_be(0.0) for offset in process.offsets()[:2])


def test_a_wall_clock_is_wrong_and_the_monotonic_one_right(clocks: SkewedClocks, process: Process) -> None:
    clocks.set([7200.0])
    wall, monotonic, local = process.offsets()
    assert wall.may_be(7200.0)
    assert monotonic.may_be(0.0)
    assert local.may_be(7200.0)


def test_processes_have_clocks_of_their_own(clocks: SkewedClocks) -> None:
    clocks.set([100.0 * number for number in range(50)])
    processes = [Process(clocks) for _ in range(2)]
    first, second = (process.offsets()[0] for process in processes)
    for process in processes:
        process.end()
    assert first.least > second.most + 50.0 or second.least > first.most + 50.0
