"""Processor time of other processes: it grows while they work, and not while they wait."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bench.processor_time import each_us, processor_s, used_by


def test_a_process_that_waits_uses_next_to_nothing_beside_a_process_that_works() -> None:
    with subprocess.Popen([sys.executable, "-c", "print(flush=True); input()"], stdin=-1, stdout=-1) as waiting:
        assert waiting.stdout is not None
        waiting.stdout.readline()
        pids = {"waits": waiting.pid, "works": os.getpid()}
        _, used_s = used_by(pids, lambda: sum(range(10**6)))
        assert used_s["works"] > used_s["waits"]
        waiting.communicate(b"\n")
    with pytest.raises(ProcessLookupError):
        processor_s(waiting.pid)


def test_it_is_divided_by_the_commands() -> None:
    assert each_us({"main": 0.5}, 1000) == {"main": 500.0}
    assert each_us({"main": 0.0}, 0) == {"main": 0.0}
