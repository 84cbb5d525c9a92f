"""What a chaos run says it found, and when it calls itself clean."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from verify.chaos.faults import Fault, FaultKind
from verify.chaos.nemesis import InjectedFault
from verify.chaos.report import ChaosReport
from wire import MAIN

KILL = Fault(FaultKind.KILL, (MAIN,))
CLEAN = ChaosReport(
    command="tictactoe.py chaos",
    seed=7,
    seconds=2.0,
    injected_faults=[
        InjectedFault(KILL, 10.0, hit=True),
        InjectedFault(KILL, 11.0, hit=True),
        InjectedFault(Fault(FaultKind.CLOCK), 11.5, hit=False),
    ],
    accepted=[(9.99, 10.4), (10.1, 10.3), (10.2, 10.25), (11.2, 11.3)],
    findings={"lost": (), "doubled": (), "out_of_order": (), "not_linearizable": (), "undecided": ()},
    complaints=[],
    games_finished=1,
    games_begun=1,
    rooms=1,
    clients=3,
    calls=9,
    unanswered={"killed": 1},
    moves_acked=4,
    started_from_outside=0,
    skipped={"network cut": "there is no unshare"},
)


def test_a_run_is_clean_when_nothing_was_found_and_every_game_is_over() -> None:
    assert CLEAN.clean


@pytest.mark.parametrize(
    "changes",
    [
        {"findings": {**CLEAN.findings, "lost": ["a move is not there"]}},
        {"findings": {**CLEAN.findings, "undecided": ["it would have taken too long"]}},
        {"complaints": ["the cluster was not whole"]},
        {"games_finished": 0},
        {"games_finished": 0, "games_begun": 0},
        {"moves_acked": 0},
    ],
)
def test_anything_else_is_not_clean(changes: dict[str, object]) -> None:
    assert not dataclasses.replace(CLEAN, **changes).clean  # type: ignore[arg-type]


def test_a_recovery_ends_with_the_next_accepted_move_that_was_sent_after_the_fault() -> None:
    assert CLEAN.recoveries()["kill"] == {"p50": 250.0, "p99": 300.0, "max": 300.0}
    assert "clock" not in CLEAN.recoveries()


def test_the_longest_stall_lies_between_two_accepted_moves_or_faults() -> None:
    assert CLEAN.longest_stall == pytest.approx((0.9, 0.4))


def test_only_faults_that_hit_somebody_count() -> None:
    plain = CLEAN.as_plain()
    assert plain["faults"] == 2
    assert plain["faults_by_kind"] == {"kill": 2}
    assert plain["faults_that_found_nobody"] == 1


def test_it_is_written_for_programs_and_for_people(tmp_path: Path) -> None:
    found = dataclasses.replace(CLEAN, findings={**CLEAN.findings, "lost": ["a move is not there"]})
    found.write(tmp_path / "report.json")
    plain = json.loads((tmp_path / "report.json").read_text())
    assert (plain["clean"], plain["lost"], plain["seed"]) == (False, 1, 7)
    text = (tmp_path / "report.md").read_text()
    assert "NOT CLEAN" in text
    assert "- lost: a move is not there" in text
    assert "Skipped: network cut. there is no unshare" in text
    assert f"| kill: {MAIN} | 250.0 | 300.0 | 300.0 |" in text
