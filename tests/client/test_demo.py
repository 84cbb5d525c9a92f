"""The demo from outside, as people run it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from client.demo import schedule
from client.demo_report import ALL_SERVERS
from server.settings import ROOT
from wire import NAME_SERVER


def test_the_first_five_blows_are_each_role_alone_and_all_servers_at_once() -> None:
    following = schedule(3)
    blows = [following() for _ in range(5)]
    assert {role for blow in blows[:4] for role in blow} == {*ALL_SERVERS, NAME_SERVER}
    assert blows[4] == ALL_SERVERS


def test_the_same_seed_is_the_same_schedule() -> None:
    one, other, third = schedule(3), schedule(3), schedule(4)
    blows = [one() for _ in range(30)]
    assert blows == [other() for _ in range(30)]
    assert blows != [third() for _ in range(30)]


def test_a_short_demo_loses_nothing(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    demo = subprocess.run(
        [sys.executable, "tictactoe.py", "demo", "--seconds", "6", "--rooms", "3", "--report", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    found = json.loads(report.read_text())
    assert found["moves_acked"] > 0
    assert found["games_finished"] > 0
    assert (found["moves_lost"], found["moves_doubled"], found["views_out_of_order"]) == (0, 0, 0)
    assert all(count > 0 for count in found["kills"].values())
    assert set(found["recovery_ms"]) == {"p50", "p99", "max"}
    assert "moves lost" in demo.stdout
