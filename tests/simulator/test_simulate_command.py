"""``tictactoe.py simulate``: what a person sees of it."""

from __future__ import annotations

import re
import subprocess
import sys

from typer.testing import CliRunner

from server.settings import ROOT
from simulator.mutations import MUTATIONS
from tictactoe import app


def simulate(*arguments: str) -> tuple[int, str]:
    """Run the command in this process; its exit status, and what it wrote."""
    found = CliRunner().invoke(app, ["simulate", *arguments])
    return found.exit_code, found.output


def test_clean_schedules_end_with_zero_and_a_sum() -> None:
    """From outside, as people run it."""
    command = [sys.executable, "tictactoe.py", "simulate", "--schedules", "6", "--seed", "3", "--jobs", "2"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "6 (seeds 3 to 8)" in run.stdout + run.stderr


def test_a_failing_seed_is_said_and_replays_with_its_time_line() -> None:
    status, said = simulate("--schedules", "3", "--seed", "1", "--broken", "ack-before-replicate")
    assert status == 1
    again = re.search(r"simulate (--of cluster --schedules 1 --seed (\d+) --broken [\w-]+ --trace)", said)
    assert again is not None
    status, replayed = simulate(*again[1].split())
    assert status == 1
    assert f"seed {again[2]} failed" in replayed
    assert re.search(r"^ +\d+\.\d{6}  main_server +is in office, epoch 1$", replayed, re.MULTILINE)


def test_what_can_be_broken_is_listed_and_anything_else_refused() -> None:
    status, said = simulate("--broken", "?")
    assert status == 0
    assert all(f"{name}: " in said for name in MUTATIONS)
    for wrong in (("--broken", "nothing"), ("--of", "nothing"), ("--of", "majority", "--broken", "two-primaries")):
        status, said = simulate(*wrong, "--schedules", "1")
        assert status == 2
        assert re.search("unknown|only for", said)
