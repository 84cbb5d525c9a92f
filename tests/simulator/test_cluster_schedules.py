"""The project's own servers in the simulator: a thousand schedules of faults, and no promise is broken."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from server.settings import ROOT
from simulator.run import CLUSTER, run_many, run_one
from tests.simulator.counting import tally

SCHEDULES = 1000
FAULTS = {
    "kill",
    "kill several",
    "kill at a write",
    "pause",
    "cut",
    "disk full",
    "main's disk lost",
    "replica's disk lost",
    "power cut at the replica",
    "power cut",
    "client crashed",
    "replaced, not ended",
    "main's journal put back",
    "replica's journal put back",
    "row of main's journal damaged",
    "row of the replica's journal damaged",
}


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_thousand_schedules_break_no_promise() -> None:
    together = tally(run_many(CLUSTER, 1, SCHEDULES, jobs=2))
    assert together.schedules == SCHEDULES
    assert not {verdict.seed: verdict.findings for verdict in together.failed}
    assert set(together.faults) == FAULTS
    assert min(together.faults.values()) > 20
    assert together.calls > 50 * SCHEDULES


def test_what_a_fenced_server_wrote_down_may_stand_with_the_time_it_had() -> None:
    """Seed 406781 failed once: the judge of time knew nothing of what is never acknowledged and stands all the same."""
    assert run_one(CLUSTER, 406781).clean


def test_a_seed_replays_its_history_to_the_byte() -> None:
    """Also in another process, where texts have other hashes."""
    command = [sys.executable, "tictactoe.py", "simulate", "--schedules", "1", "--seed", "77", "--trace"]
    lines = [
        subprocess.run(
            command, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert lines[0] == lines[1]
    assert lines[0].count(b"\n") > 500


def test_the_time_line_changes_nothing() -> None:
    plain, traced = (run_one(CLUSTER, 5, traced=on) for on in (False, True))
    assert traced.trace
    assert not plain.trace
    assert (plain.calls, plain.faults, plain.seconds) == (traced.calls, traced.faults, traced.seconds)
